export type Severity = 'fail' | 'warn' | 'info';

/** One thing that is to be said about a host, a device or a plan. */
export interface Finding {
  /** Stable; scripts match on it. */
  id: string;
  severity: Severity;
  /** What it is about: a PCI address, a path, a guest, or `host`. */
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

/** A check that could not see what it needs; the text completes "not known, because". */
export interface NotKnown {
  notKnown: string;
}

/** One finding as a rule: how it is seen in the facts, and what to do. Pure. */
export interface Check<Facts> {
  id: string;
  /** Of what it usually finds. */
  severity: Severity;
  /** A sentence that is true where all is well. */
  title: string;
  /** Which files or answers it looks at. */
  looksAt: string;
  reference: string;
  /** It sees nothing unless the device itself was opened. */
  needsDevice?: true;
  /** @returns nothing where all is well. */
  observe(facts: Facts): Observation[] | NotKnown;
}

/** What one check came to. */
export interface Examination {
  findings: Finding[];
  /** Why the check could not see what it needs; null where it could. */
  notKnown: string | null;
}

/** Runs one check. */
export function examine<Facts>(check: Check<Facts>, facts: Facts): Examination {
  const seen = check.observe(facts);
  if ('notKnown' in seen) return { findings: [], notKnown: seen.notKnown };
  const { id, severity, reference } = check;
  return {
    findings: seen.map((observation) => ({ id, severity, remedy: [], reference, ...observation })),
    notKnown: null,
  };
}

/** Runs checks over the same facts and collects what they saw, in the order of the checks. */
export function assess<Facts>(checks: readonly Check<Facts>[], facts: Facts): Finding[] {
  return checks.flatMap((check) => examine(check, facts).findings);
}
