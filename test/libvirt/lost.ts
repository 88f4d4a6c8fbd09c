/** The tags, texts and comments of a document in their order, without what opening an empty element changes. */
function pieces(xml: string): string[] {
  return xml
    .split(/(?=<)|(?<=>)/)
    .map((piece) => piece.replace(/\s*\/?>$/, '>').replace(/^\s+|\s+$/g, ''))
    .filter((piece) => piece !== '');
}

/** Whatever of the original is not in the result, or not in that order. */
export function lost(original: string, result: string): string[] {
  const left = pieces(result.replace(/ xmlns:qemu='[^']*'(?=[^>]*>\s*<)/, ''));
  const before = pieces(original.replace(/ xmlns:qemu='[^']*'(?=[^>]*>\s*<)/, ''));
  let position = 0;
  return before.filter((piece) => {
    const found = left.indexOf(piece, position);
    if (found >= 0) position = found + 1;
    return found < 0;
  });
}
