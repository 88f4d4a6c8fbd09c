import { GhpassError } from '../../errors.ts';

/** The key with which one leaves a console. */
export interface EscapeKey {
  /** As people write it: `Ctrl-]`. */
  label: string;
  /** As virsh takes it: `^]`. */
  caret: string;
  /** Finds it in what a terminal sends: the first piece that is it. */
  pattern: RegExp;
}

const CONTROL_BIT = 0x40;

/**
 * Reads `^]`, `^a`: control and one key, as virsh and telnet write it.
 * @throws GhpassError `usage`.
 */
export function parseEscapeKey(text: string): EscapeKey {
  const [, letter] = /^\^([@-_a-z])$/.exec(text) ?? [];
  if (letter === undefined) throw unreadable(text);
  const key = letter.toUpperCase();
  const byte = key.charCodeAt(0) ^ CONTROL_BIT;
  // A guest can switch the terminal to protocols in which keys are numbers (kitty's, and modifyOtherKeys of xterm).
  const codes = `(?:${key.charCodeAt(0)}|${key.toLowerCase().charCodeAt(0)})`;
  const protocols = `\\x1b\\[${codes}(?::\\d*)*;5(?::1)?u|\\x1b\\[27;5;${codes}~`;
  return {
    label: `Ctrl-${key}`,
    caret: `^${key}`,
    pattern: new RegExp(`\\x${byte.toString(16).padStart(2, '0')}|${protocols}`),
  };
}

function unreadable(text: string): GhpassError {
  return new GhpassError('usage', {
    code: 'usage',
    message: `--escape ${JSON.stringify(text)}: a key is ^ and one of A-Z @ [ \\ ] ^ _`,
    suggestions: ["--escape '^]'", "--escape '^A'"],
  });
}
