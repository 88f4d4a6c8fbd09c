import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const COLUMNS = '80';

export const PAGE = join(ROOT, 'README.md');

interface Screenshot {
  /** It is between `<!-- screenshot MARKER -->` and `<!-- /screenshot -->`. */
  marker: string;
  command: readonly string[];
  /** What was printed where the command needs a guest that runs; left out, the command runs now. */
  recorded?: string;
}

/** What is shown: on a host that ships with ghpass, or as a test has last found it printed. */
export const SCREENSHOTS: readonly Screenshot[] = [
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
  { marker: 'verify', command: ['verify', 'demo'], recorded: 'test/lab/golden/verify.txt' },
  { marker: 'monitor', command: ['monitor', 'demo'], recorded: 'test/golden/monitor/healthy.txt' },
];

/**
 * The page with what the commands print now.
 * @param page with a pair of comments for each of {@link SCREENSHOTS}.
 * @param launcher of a ghpass that is built.
 */
export async function withScreenshots(page: string, launcher = join(ROOT, 'bin/run.js')): Promise<string> {
  let written = page;
  for (const { marker, command, recorded } of SCREENSHOTS) {
    const place = new RegExp(`(<!-- screenshot ${marker} -->\\n).*?(<!-- /screenshot -->)`, 's');
    if (!place.test(written)) throw new Error(`${PAGE} has no place for the screenshot ${marker}`);
    const output =
      recorded === undefined
        ? await printed(launcher, command)
        : (await readFile(join(ROOT, recorded), 'utf8')).trimEnd();
    const shown = `\`\`\`\n$ ghpass ${command.join(' ')}\n${output}\n\`\`\`\n`;
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
