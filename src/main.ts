import { tmpdir } from 'node:os';
import type { Command } from '@oclif/core';
import { run } from '@oclif/core/run';
import { GhpassError } from './errors.ts';
import { asGhpassError, GLOBAL_FLAGS, reportError } from './ui/failure.ts';
import { loadOptions } from './ui/load-options.ts';

/** Runs the command line. Commands report their own errors; what arrives here is that there is no such command, or a bug. */
export async function main(): Promise<void> {
  const argv = commandFirst(process.argv.slice(2));
  const command = argv.find((word) => !word.startsWith('-')) ?? null;
  try {
    if (command === null && argv.some((word) => GLOBAL_FLAGS.includes(word))) throw noCommand('no command is given');
    // oclif looks these up in /etc/passwd, where the user of a container may be missing.
    process.env.SHELL ??= '/bin/sh';
    process.env.HOME ??= tmpdir();
    await run(argv, loadOptions(commandClass));
  } catch (thrown) {
    const error = asGhpassError(thrown, null);
    const isUnknown = error.kind === 'usage' && error !== thrown;
    reportError(isUnknown ? noCommand(`there is no command ${JSON.stringify(argv[0])}`) : error, command ?? 'ghpass', {
      json: argv.includes('--json'),
      color: !argv.includes('--no-color'),
    });
  }
}

async function commandClass(id: string): Promise<Command.Class> {
  return (await import(`./commands/${id}.ts`)).default;
}

/** oclif wants the command as the first word; what means the same everywhere may stand before it. */
function commandFirst(argv: readonly string[]): string[] {
  const position = argv.findIndex((word) => !GLOBAL_FLAGS.includes(word));
  return position < 1 ? [...argv] : [argv[position] ?? '', ...argv.slice(0, position), ...argv.slice(position + 1)];
}

function noCommand(message: string): GhpassError {
  return new GhpassError('usage', { code: 'usage', message, suggestions: ['ghpass --help'] });
}
