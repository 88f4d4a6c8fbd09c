import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const COLUMNS = '80';

export const PAGE = join(ROOT, 'README.md');

/** What is shown, between `<!-- screenshot MARKER -->` and `<!-- /screenshot -->`: each on a host that ships with ghpass. */
export const SCREENSHOTS: readonly { marker: string; command: readonly string[] }[] = [
  { marker: 'probe', command: ['probe', '--host', 'builtin:gh200'] },
  {
    marker: 'doctor',
    command: [
      'doctor',
      '--host',
      'builtin:broken-iommu-passthrough',
      '--checks',
      'kernel.iommu-passthrough,kernel.page-size,iommu.group-missing',
    ],
  },
  { marker: 'topology', command: ['topology', '--host', 'builtin:gh200', '--plan'] },
];

/**
 * The page with what the commands print now.
 * @param page with a pair of comments for each of {@link SCREENSHOTS}.
 * @param launcher of a ghpass that is built.
 */
export async function withScreenshots(page: string, launcher = join(ROOT, 'bin/run.js')): Promise<string> {
  let written = page;
  for (const { marker, command } of SCREENSHOTS) {
    const place = new RegExp(`(<!-- screenshot ${marker} -->\\n).*?(<!-- /screenshot -->)`, 's');
    if (!place.test(written)) throw new Error(`${PAGE} has no place for the screenshot ${marker}`);
    const shown = `\`\`\`\n$ ghpass ${command.join(' ')}\n${await printed(launcher, command)}\n\`\`\`\n`;
    written = written.replace(place, (_all, before, behind) => `${before}\n${shown}\n${behind}`);
  }
  return written;
}

/** Standard output and standard error as a terminal shows them: findings come last. */
async function printed(launcher: string, command: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8', COLUMNS, NO_COLOR: '1' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [launcher, ...command], { env }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return `${stdout}${stderr}`.trimEnd();
}
