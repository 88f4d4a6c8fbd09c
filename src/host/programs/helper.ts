import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { packageRoot } from './package-root.ts';
import { runTool, type ToolOptions, type ToolRun } from './run-tool.ts';

/** Name of the native helper; one on PATH comes before the one that was compiled with the package. */
const HELPER = 'ghpass-vfio';

/**
 * Runs one verb of the native helper.
 * @param options for verbs that print lines of progress and take long: who gets the lines, and what ends it.
 * @returns what it printed, verbatim: also when the device refuses, which is data and no failure.
 * @throws GhpassError `helper.missing`, `helper.failed`, `tool.timeout`, `interrupted`.
 */
export async function runHelper(
  args: readonly string[],
  deadlineMs: number,
  options: Pick<ToolOptions, 'env' | 'onLine' | 'onWait' | 'signal'> = {},
): Promise<string> {
  let run: ToolRun;
  try {
    run = await runTool(HELPER, args, { ...options, deadlineMs, searchAlso: [join(packageRoot(), 'build')] });
  } catch (error) {
    if (!(error instanceof GhpassError) || error.code !== 'tool.missing') throw error;
    throw new GhpassError('tool', {
      code: 'helper.missing',
      message: 'the native helper ghpass-vfio is not built, so no device can be asked',
      suggestions: ['apt-get install gcc libc6-dev', 'dnf install gcc glibc-devel', 'npm rebuild ghpass'],
      cause: error,
    });
  }
  if (run.status === 0) return run.stdout;
  throw new GhpassError('tool', {
    code: 'helper.failed',
    message: `${HELPER} ${args.join(' ')} ended with ${run.signal ?? `status ${run.status}`}: ${run.stderr}`,
  });
}
