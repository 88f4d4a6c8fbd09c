/**
 * Characters that are quoted in one way: single quotes, a backslash (before a line feed both are nothing), or none.
 * What XML and Unicode have for white space beside the shell's blanks and line feed is text.
 */
const PIECE = /'([^']*)'|\\(.)|([^ \t\n'\\]+)/sy;

/**
 * The words of a command line as libvirt prints it (`virCommandToString`): quoted for a POSIX shell with single quotes and
 * backslashes, and nothing in it is to be expanded.
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  PIECE.lastIndex = 0;
  for (let at = 0; at < line.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(line);
    if (piece) {
      word = (word ?? '') + (piece[1] ?? piece[2]?.replace('\n', '') ?? piece[3] ?? '');
      continue;
    }
    // White space, or a quote without its other end, which libvirt does not write.
    if (word !== null) words.push(word);
    word = null;
    PIECE.lastIndex = at + 1;
  }
  return word === null ? words : [...words, word];
}
