import type { FailureKind } from '../errors.ts';

/**
 * What a failure is to a script, by the id of the check; checks that are not here fail as checks do (exit 1). A table of
 * its own, so that a command reads it without loading the checks.
 */
export const CHECK_KINDS: ReadonlyMap<string, FailureKind> = new Map([
  ['vfio.perms', 'permission'],
  ['stack.version', 'tool'],
]);
