import { fileURLToPath } from 'node:url';
import { Config, run } from '@oclif/core';
import { GhpassError } from './errors.ts';
import { asGhpassError, GLOBAL_FLAGS, reportError } from './ui/failure.ts';

/**
 * Runs the command line. Commands report their own errors; what arrives here is that there is no such command, or a bug.
 * @param launcher URL of the file that was started, next to which oclif finds the package.
 */
export async function main(launcher: string): Promise<void> {
  const argv = commandFirst(process.argv.slice(2));
  const command = argv.find((word) => !word.startsWith('-')) ?? null;
  try {
    if (command === null && argv.some((word) => GLOBAL_FLAGS.includes(word))) throw noCommand('no command is given');
    await run(argv, await Config.load(fileURLToPath(launcher)));
  } catch (thrown) {
    const error = asGhpassError(thrown, null);
    const isUnknown = error.kind === 'usage' && / not found\.?$/.test(error.message);
    reportError(isUnknown ? noCommand(`there is no command ${JSON.stringify(argv[0])}`) : error, command ?? 'ghpass', {
      json: argv.includes('--json'),
      color: !argv.includes('--no-color'),
    });
  }
}

/** oclif wants the command as the first word; what means the same everywhere may stand before it. */
function commandFirst(argv: readonly string[]): string[] {
  const position = argv.findIndex((word) => !GLOBAL_FLAGS.includes(word));
  return position < 1 ? [...argv] : [argv[position] ?? '', ...argv.slice(0, position), ...argv.slice(position + 1)];
}

function noCommand(message: string): GhpassError {
  return new GhpassError('usage', { code: 'usage', message, suggestions: ['ghpass --help'] });
}
