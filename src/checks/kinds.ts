import type { FailureKind } from '../errors.ts';
import { DEVICE_CHECKS } from './device/index.ts';
import { PLAN_CHECKS } from './plan/index.ts';

/** What a failure is to a script, by the id of the check; checks that are not here fail as checks do (exit 1). */
export const CHECK_KINDS: ReadonlyMap<string, FailureKind> = new Map(
  [...DEVICE_CHECKS, ...PLAN_CHECKS].flatMap(({ id, kind }) => (kind ? [[id, kind] as const] : [])),
);
