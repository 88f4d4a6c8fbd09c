import type { FailureKind } from '../errors.ts';

export type Severity = 'fail' | 'warn' | 'info';

/** One thing that is to be said about a host, a device or a plan. */
export interface Finding {
  /** Stable; scripts match on it. */
  id: string;
  severity: Severity;
  /** What it is about: a PCI address, a path, a guest. */
  subject: string;
  /** What was observed and what it means, with the numbers. */
  message: string;
  /** Commands that can be pasted, or advice where there is no command. */
  remedy: readonly string[];
  /** Where the rule comes from. */
  reference: string;
}

/** What a check saw; everything that is the same each time stands in the check itself. */
export interface Observation {
  subject: string;
  message: string;
  remedy?: readonly string[];
  /** Where it differs from the check's own, because the case is worse or better than usual. */
  severity?: Severity;
}

/** One finding as a rule: how it is seen in the facts, and what to do. Pure. */
export interface Check<Facts> {
  id: string;
  severity: Severity;
  title: string;
  reference: string;
  /** What a failure of this check is to a script; `check` (exit 1) unless said otherwise. */
  kind?: FailureKind;
  /** @returns nothing where all is well, and also where the facts do not tell. */
  observe(facts: Facts): Observation[];
}

/** Runs checks over the same facts and collects what they saw, in the order of the checks. */
export function assess<Facts>(checks: readonly Check<Facts>[], facts: Facts): Finding[] {
  return checks.flatMap((check) =>
    check.observe(facts).map((observation) => ({
      id: check.id,
      severity: check.severity,
      remedy: [],
      reference: check.reference,
      ...observation,
    })),
  );
}
