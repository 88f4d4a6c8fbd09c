import { shellWord } from '../host/programs/shell-word.ts';

/** A command line for a POSIX shell: each option with its value on a line of its own, quoted where it has to be. */
export function shellCommand(argv: readonly string[]): string {
  const lines: string[] = [];
  for (const word of argv.map(shellWord)) {
    const last = lines.at(-1);
    const isValue = last !== undefined && lines.length > 1 && /^-\S+$/.test(last) && !word.startsWith('-');
    if (isValue) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(' \\\n  ');
}
