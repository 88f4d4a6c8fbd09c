import { GhpassError } from '../errors.ts';
import { ALL_CHECKS } from './all.ts';
import { nearest } from './nearest.ts';

/** Which checks are run. */
export interface Selection {
  /** Null: all. */
  only: ReadonlySet<string> | null;
  /** Those that are not run, with the reason that is kept with the result. */
  skipped: ReadonlyMap<string, string>;
}

/**
 * The checks that `--checks` and `--skip` name, each a list of ids with commas between them.
 * @param reason why those are skipped.
 * @throws GhpassError `check.unknown` with the ids that are nearest to what was typed.
 */
export function selectChecks(checks: string | undefined, skip: string | undefined, reason: string): Selection {
  return {
    only: checks === undefined ? null : new Set(idsOf('--checks', checks)),
    skipped: new Map(idsOf('--skip', skip ?? '').map((id) => [id, reason])),
  };
}

function idsOf(flag: string, list: string): string[] {
  const ids = list.split(',').flatMap((id) => id.trim() || []);
  const known = ALL_CHECKS.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return ids;
  throw new GhpassError('usage', {
    code: 'check.unknown',
    message: `${flag} ${unknown}: there is no such check`,
    suggestions: [...nearest(unknown, known).map((id) => `${flag} ${id}`), 'ghpass doctor --list-checks'],
  });
}
