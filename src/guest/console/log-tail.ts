import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const BLOCK_BYTES = 64 << 10;
const LINE_FEED = 0x0a;

/** How much of a log: all of it, or its last lines. */
export type Wanted = 'all' | { lines: number };

/**
 * Where the wanted part of a log begins.
 * @returns the offset, and the size of the log at that time.
 * @throws the error of the system.
 */
export function tailOf(path: string, wanted: Wanted): { from: number; size: number } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return { from: wanted === 'all' ? 0 : startOfLines(file, size, wanted.lines), size };
  } finally {
    closeSync(file);
  }
}

/** A last line without its end, as a prompt is one, counts as a line. */
function startOfLines(file: number, size: number, lines: number): number {
  if (lines === 0) return size;
  const block = Buffer.alloc(BLOCK_BYTES);
  let missing = lines;
  for (let end = size; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const read = readSync(file, block, 0, end - start, start);
    for (let i = read - 1; i >= 0; i--) {
      const isEndOfLog = start + i === size - 1;
      if (block[i] === LINE_FEED && !isEndOfLog && --missing === 0) return start + i + 1;
    }
  }
  return 0;
}
