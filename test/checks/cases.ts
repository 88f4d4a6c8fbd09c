import { describe, expect, test } from 'vitest';
import { type Check, examine, type Observation, type Severity } from '../../src/checks/check.ts';

/** What one check says of one case: something, that it does not know, or nothing, because all is well. */
export interface Case {
  id: string;
  title: string;
  says?: Omit<Observation, 'subject'> & { severity: Severity; subject?: string };
  notKnown?: string;
}

/** Holds every check to the whole of what it says of each of its cases. */
export function describeCases<Facts, C extends Case>(
  checks: readonly Check<Facts>[],
  cases: readonly C[],
  /** What the checks look at in a case, and what they usually speak of. */
  collect: (one: C) => Promise<{ facts: Facts; subject: string }>,
): void {
  describe.each(checks.map((check) => [check.id, check] as const))('%s', (id, check) => {
    const mine = cases.filter((one) => one.id === id);
    test.each(mine.map((one) => [`${verbOf(one)} ${one.title}`, one] as const))('%s', async (_title, one) => {
      const { facts, subject } = await collect(one);
      const { says, notKnown = null } = one;
      const findings = says ? [{ id, subject, remedy: [], reference: check.reference, ...says }] : [];
      expect(examine(check, facts)).toEqual({ findings, notKnown });
    });
  });
}

function verbOf({ says, notKnown }: Case): string {
  if (says) return 'speaks of';
  return notKnown === undefined ? 'is silent about' : 'does not know of';
}
