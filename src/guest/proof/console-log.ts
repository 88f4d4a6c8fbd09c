import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** More than twice the largest report that is read; a guest can write for as long as it runs. */
const MAX_CONSOLE_BYTES = 64 << 20;

/**
 * The end of what a guest wrote to its console.
 * @param path of the log; one that is not there yet is empty.
 * @param maxBytes how much of it is read.
 * @throws the error of the system where the log is there and cannot be read.
 */
export function readConsoleLog(path: string, maxBytes = MAX_CONSOLE_BYTES): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(file);
  }
}
