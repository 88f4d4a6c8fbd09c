import { GhpassError } from '../../errors.ts';
import { findConsole } from '../../guest/console/find-console.ts';
import { lendConsole } from '../../guest/console/lend-console.ts';
import type { Wanted } from '../../guest/console/log-tail.ts';
import { viewConsole } from '../../guest/console/view-console.ts';
import { loadPty } from '../../guest/console/virsh-line.ts';
import type { FindOptions } from '../../guest/life/find-guest.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { parseEscapeKey } from './escape-key.ts';
import { outputOnly } from './output-only.ts';
import { ThisTerminal } from './this-terminal.ts';

export interface AttachOptions extends FindOptions {
  /** As `^]`. */
  escapeKey: string;
  /** `all`, `none` or a number of lines; null for what there is room for. */
  log: string | null;
  readOnly: boolean;
  locks: string;
  command: string;
  tell(line: string): void;
}

/**
 * Attaches this terminal to a guest's console until somebody types the escape key or the guest ends; without a terminal,
 * standard output to what the guest writes.
 * @returns what is to be said in the end.
 * @throws GhpassError `usage`, and those of `findConsole` and `viewConsole`.
 */
export async function attachConsole(name: string, options: AttachOptions): Promise<string> {
  const escapeKey = parseEscapeKey(options.escapeKey);
  const wanted = options.log === null ? null : parseWanted(options.log);
  const guest = await findConsole(name, { ...options, escapeKey: escapeKey.caret });
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? await ThisTerminal.take(escapeKey) : null;
  const viewer = terminal ?? outputOnly(options.tell);
  const viewing = { ...options, wanted };
  try {
    const isLent = terminal && 'virshArguments' in guest && !options.readOnly && (await loadPty()) === null;
    const end = isLent ? await lendConsole(guest, viewer, viewing) : await viewConsole(guest, viewer, viewing);
    if (end === 'ended') return `${name} has ended`;
    return terminal ? `left ${name}, which goes on; back with: ghpass attach ${shellWord(name)}` : '';
  } finally {
    terminal?.giveBack();
  }
}

/** @throws GhpassError `usage`. */
function parseWanted(log: string): Wanted {
  if (log === 'all') return 'all';
  if (log === 'none') return { lines: 0 };
  if (/^\d{1,9}$/.test(log)) return { lines: Number(log) };
  throw new GhpassError('usage', {
    code: 'usage',
    message: `--log ${JSON.stringify(log)}: all, none or a number of lines`,
    suggestions: ['--log all', '--log 100'],
  });
}
