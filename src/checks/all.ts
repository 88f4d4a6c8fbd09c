import type { Check } from './check.ts';
import { DEVICE_CHECKS } from './device/index.ts';
import { HOST_CHECKS } from './host/index.ts';
import { PLAN_CHECKS } from './plan/index.ts';
import { REFUSAL_CHECKS } from './refusal/index.ts';

/** A check as those see it who only want to know that there is one. */
export type CheckDescription = Omit<Check<never>, 'observe'>;

/** All checks, by what they are about, in the order in which doctor runs them. */
export const CHECK_GROUPS: readonly { about: 'host' | 'gpu' | 'guest'; checks: readonly CheckDescription[] }[] = [
  { about: 'host', checks: HOST_CHECKS },
  { about: 'gpu', checks: DEVICE_CHECKS },
  { about: 'guest', checks: [...REFUSAL_CHECKS, ...PLAN_CHECKS] },
];

export const ALL_CHECKS: readonly CheckDescription[] = CHECK_GROUPS.flatMap(({ checks }) => checks);
