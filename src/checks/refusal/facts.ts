import type { GhpassError } from '../../errors.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { Check, NotKnown, Observation } from '../check.ts';

/** A guest that was planned, why it cannot be, or why that is not known. */
export type PlanAttempt = { plan: GuestPlan } | { refusal: GhpassError } | NotKnown;

export type RefusalCheck = Check<PlanAttempt>;

/** What the planner said, where it refused for this reason and no other. */
export function refusedWith(code: string, attempt: PlanAttempt): Observation[] | NotKnown {
  if ('plan' in attempt) return [];
  if ('notKnown' in attempt) return attempt;
  const { code: actual, message, suggestions } = attempt.refusal;
  if (actual !== code) return { notKnown: `no guest can be planned: ${message}` };
  return [{ subject: 'host', message, remedy: suggestions }];
}
