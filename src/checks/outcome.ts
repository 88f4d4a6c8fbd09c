import { type Check, examine, type Finding, type NotKnown, type Severity } from './check.ts';
import type { Selection } from './select.ts';

/** What one check came to for one subject. */
export interface Outcome {
  id: string;
  title: string;
  severity: Severity;
  /** PCI address; null for the host as a whole, and for the guest. */
  subject: string | null;
  outcome: 'pass' | Severity | 'unknown' | 'skipped';
  /** Why it is not known or was skipped; null else. */
  reason: string | null;
}

/** Outcomes of several checks, and what they found. */
export interface Outcomes {
  outcomes: Outcome[];
  findings: Finding[];
}

interface RunOptions {
  subject?: string;
  selection: Selection;
  /** Why checks that need the opened device are not run; null where it was to be opened. */
  notOpened?: string | null;
}

const WORST_FIRST: readonly Severity[] = ['fail', 'warn', 'info'];

/**
 * Runs the selected checks and keeps what each one came to.
 * @param facts what they look at, or why that is not known to any of them.
 */
export function runChecks<Facts extends object>(
  checks: readonly Check<Facts>[],
  facts: Facts | NotKnown,
  { subject, selection, notOpened = null }: RunOptions,
): Outcomes {
  const all: Outcomes = { outcomes: [], findings: [] };
  for (const check of checks) {
    if (selection.only && !selection.only.has(check.id)) continue;
    const { id, title, severity, needsDevice } = check;
    const common = { id, title, severity, subject: subject ?? null };
    const skipped = selection.skipped.get(id) ?? (needsDevice ? notOpened : null);
    if (skipped !== null) {
      all.outcomes.push({ ...common, outcome: 'skipped', reason: skipped });
      continue;
    }
    const { findings, notKnown } =
      'notKnown' in facts ? { findings: [], notKnown: facts.notKnown as string } : examine(check, facts as Facts);
    const worst = WORST_FIRST.find((candidate) => findings.some((finding) => finding.severity === candidate));
    all.outcomes.push({ ...common, outcome: notKnown === null ? (worst ?? 'pass') : 'unknown', reason: notKnown });
    all.findings.push(...findings);
  }
  return all;
}

/**
 * Whether there is something of which nobody knows that it is well: no better than a warning. Checks that only inform
 * cannot be worse than that, known or not.
 */
export function isIncomplete(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ outcome, severity }) => outcome === 'unknown' && severity !== 'info');
}
