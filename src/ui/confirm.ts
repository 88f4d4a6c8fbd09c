import { createInterface } from 'node:readline/promises';
import { GhpassError } from '../errors.ts';

/** Where a question is asked and answered. */
export interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

const OWN_TERMINAL: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Lets something happen that cannot be taken back: because a flag says so, or because somebody at the terminal answers yes.
 * @param what would happen, as a sentence.
 * @param command that says yes beforehand.
 * @param mayAsk false where a script is not to wait for an answer.
 * @throws GhpassError `confirmation-missing`.
 */
export async function requireConfirmation(
  given: boolean,
  { what, command, mayAsk = true }: { what: string; command: string; mayAsk?: boolean },
  terminal: Terminal = OWN_TERMINAL,
): Promise<void> {
  if (given || (mayAsk && (await isAffirmed(what, terminal)))) return;
  throw new GhpassError('usage', { code: 'confirmation-missing', message: what, suggestions: [command] });
}

/**
 * Asks at the terminal.
 * @returns false where there is none.
 */
export async function isAffirmed(what: string, { input, output }: Terminal = OWN_TERMINAL): Promise<boolean> {
  if (!input.isTTY || !output.isTTY) return false;
  // Not as a terminal of readline's own: that would swallow Ctrl-C.
  const lines = createInterface({ input, output, terminal: false });
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${what}. Go on? [y/N] `), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
