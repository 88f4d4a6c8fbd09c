import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { GhpassError } from '../errors.ts';

/**
 * The text of a file that a flag names; `-` is standard input, which is waited for: a read of its descriptor would fail with EAGAIN
 * where what writes there is slower than ghpass, because Node makes pipes non-blocking.
 * @param suggestions where such a file would come from.
 * @throws GhpassError `path.unreadable`.
 */
export async function readInput(flag: string, file: string, suggestions: readonly string[]): Promise<string> {
  try {
    const bytes = await (file === '-' ? buffer(process.stdin) : readFile(file));
    return bytes.toString('utf8');
  } catch (error) {
    throw new GhpassError('usage', {
      code: 'path.unreadable',
      message: `${flag} ${file}: ${(error as NodeJS.ErrnoException).code}`,
      suggestions,
      cause: error,
    });
  }
}
