/** Longest constant that is taken over from the sources: what is longer is a message. */
const MAX_CHARACTERS = 40;

/** The bytes that constants can have in an input: strings as they are, integers also in little-endian order. */
export function wordBytes(words: readonly string[]): Uint8Array[] {
  return words
    .filter((word) => word !== '' && word.length <= MAX_CHARACTERS)
    .flatMap((word) => [Buffer.from(word, 'latin1'), ...hexBytes(word), ...integerBytes(word)])
    .map((bytes) => new Uint8Array(bytes));
}

/** A constant in hexadecimal may stand for the bytes, as a UUID does. */
function hexBytes(word: string): Buffer[] {
  return /^(?:[0-9a-f]{2}){4,}$/.test(word) ? [Buffer.from(word, 'hex')] : [];
}

function integerBytes(word: string): Buffer[] {
  const value = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  if (!Number.isInteger(value) || value > 0xffff_ffff) return [];
  const widths = [1, 2, 4].filter((width) => value < 256 ** width);
  return widths.map((width) => {
    const bytes = Buffer.alloc(width);
    bytes.writeUIntLE(value, 0, width);
    return bytes;
  });
}
