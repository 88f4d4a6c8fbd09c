import { readFileSync } from 'node:fs';
import { GhpassError } from '../errors.ts';

/**
 * The text of a file that a flag names; `-` is standard input.
 * @param suggestions where such a file would come from.
 * @throws GhpassError `path.unreadable`.
 */
export function readInput(flag: string, file: string, suggestions: readonly string[]): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new GhpassError('usage', {
      code: 'path.unreadable',
      message: `${flag} ${file}: ${(error as NodeJS.ErrnoException).code}`,
      suggestions,
      cause: error,
    });
  }
}
