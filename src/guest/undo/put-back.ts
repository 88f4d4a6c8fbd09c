import { GhpassError } from '../../errors.ts';
import type { Journal } from '../journal/journal.ts';
import { type UndoOptions, undo } from './undo.ts';

/**
 * Undoes and closes journals, each one whatever became of those before it. A journal that cannot be undone stays open for
 * `ghpass recover`.
 * @param first what had failed before, or null.
 * @returns what is to be thrown: what had failed before, and beside it what could not be put back; null where all is well.
 */
export async function putBack(journals: readonly Journal[], first: unknown, options: UndoOptions): Promise<unknown> {
  let thrown = first;
  for (const journal of journals) {
    try {
      await undo(journal, options);
      journal.close();
    } catch (error) {
      journal.leaveOpen();
      thrown = both(thrown, notPutBack(journal.subject, error));
    }
  }
  return thrown;
}

/** @returns as {@link putBack}. What is no error of ghpass is a bug, and a bug it stays. */
export function both(first: unknown, second: GhpassError): GhpassError {
  if (first === null) return second;
  const known = first instanceof GhpassError ? first : null;
  return new GhpassError(known?.kind ?? 'bug', {
    code: known?.code ?? 'bug',
    message: `${first instanceof Error ? first.message : String(first)}; and ${second.message}`,
    suggestions: [...new Set([...(known?.suggestions ?? []), ...second.suggestions])],
    cause: first,
  });
}

function notPutBack(subject: string, error: unknown): GhpassError {
  const known = error instanceof GhpassError ? error : null;
  return new GhpassError(known?.kind ?? 'bug', {
    code: known?.code ?? 'bug',
    message: `${subject} could not be put back: ${error instanceof Error ? error.message : String(error)}`,
    suggestions: [...(known?.suggestions ?? []), 'ghpass recover   # tries again'],
    cause: error,
  });
}
