import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { runTool, type ToolRun } from '../../host/programs/run-tool.ts';
import type { SeedFiles } from './seed-files.ts';

/** A program that makes an ISO 9660 image out of files that lie in its working directory. */
interface ImageTool {
  program: string;
  args(image: string, directory: string, names: readonly string[]): string[];
}

/** The label by which cloud-init knows the volume (cloud-init, sources/DataSourceNoCloud.py). */
const LABEL = 'cidata';
const mkisofs = (image: string, directory: string, names: readonly string[]) => [
  ...['-quiet', '-output', image, '-volid', LABEL, '-joliet', '-rock'],
  ...names.map((name) => join(directory, name)),
];
/** In the order in which they are tried; `xorrisofs` is how Fedora and others call the second. */
const TOOLS: readonly ImageTool[] = [
  {
    program: 'cloud-localds',
    args: (image, directory, names) => [
      ...(names.includes('network-config') ? ['--network-config', join(directory, 'network-config')] : []),
      ...[image, join(directory, 'user-data'), join(directory, 'meta-data')],
    ],
  },
  { program: 'xorriso', args: (...given) => ['-as', 'genisoimage', ...mkisofs(...given)] },
  { program: 'xorrisofs', args: mkisofs },
  { program: 'genisoimage', args: mkisofs },
  { program: 'mkisofs', args: mkisofs },
];

/**
 * Writes a seed as a volume that cloud-init finds. Only its owner may read it: user-data often has secrets in it.
 * @param image path of a file that is not there yet.
 * @param directory that is not there yet, and is gone afterwards: it holds the files meanwhile.
 * @throws GhpassError `seed.tool-missing` with the packages, `seed.failed` with what the tool says.
 */
export async function makeSeedImage(
  files: SeedFiles,
  { image, directory }: { image: string; directory: string },
  options: { signal: AbortSignal; env: Readonly<Record<string, string>> },
): Promise<void> {
  mkdirSync(directory, { mode: 0o700 });
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content, { mode: 0o600 });
    // Some write over a file that is there, and some refuse; all of them keep its mode.
    writeFileSync(image, '', { mode: 0o600, flag: 'wx' });
    await runFirst((tool) => runTool(tool.program, tool.args(image, directory, Object.keys(files)), options));
    chmodSync(image, 0o600);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A tool that is there may still lack another that it calls, so the next one is tried. */
async function runFirst(run: (tool: ImageTool) => Promise<ToolRun>): Promise<void> {
  let failed: string | null = null;
  for (const tool of TOOLS) {
    try {
      const { status, stderr } = await run(tool);
      if (status === 0) return;
      const why = stderr.split('\n').filter(Boolean).at(-1) ?? `status ${status}`;
      failed ??= `${tool.program}: ${why.replace(`${tool.program}: `, '')}`;
    } catch (error) {
      if (!(error instanceof GhpassError && error.code === 'tool.missing')) throw error;
    }
  }
  if (failed !== null)
    throw new GhpassError('tool', { code: 'seed.failed', message: `the seed could not be made: ${failed}` });
  throw seedToolMissing();
}

function seedToolMissing(): GhpassError {
  return new GhpassError('tool', {
    code: 'seed.tool-missing',
    message: `none of ${TOOLS.map(({ program }) => program).join(', ')} is on PATH, and one of them makes the seed for cloud-init`,
    suggestions: ['apt-get install cloud-image-utils   # or xorriso', 'dnf install cloud-utils   # or xorriso'],
  });
}
