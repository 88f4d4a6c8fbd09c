import { counted } from '../checks/counted.ts';
import type { Outcome } from '../checks/outcome.ts';
import type { Paint } from './paint.ts';

type Name = Outcome['outcome'];

const MARKS: Readonly<Record<Name, string>> = {
  pass: '✔',
  fail: '✖',
  warn: '⚠',
  info: '·',
  unknown: '?',
  skipped: '–',
};
const WORDS: Readonly<Record<Name, string>> = {
  pass: 'passed',
  fail: 'failed',
  warn: 'to be warned of',
  info: 'to know',
  unknown: 'not known',
  skipped: 'skipped',
};

/** What doctor came to, one line for each check, by what it is about. */
export function doctorText(groups: readonly { about: string; outcomes: readonly Outcome[] }[], paint: Paint): string {
  const shown = groups.filter(({ outcomes }) => outcomes.length > 0);
  const all = shown.flatMap(({ outcomes }) => outcomes);
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  const parts = shown.map(({ about, outcomes }) =>
    [paint.bold(about), ...outcomes.map((outcome) => line(outcome, width, paint))].join('\n'),
  );
  return [...parts, summary(all)].join('\n\n');
}

function line({ id, title, outcome, reason }: Outcome, width: number, paint: Paint): string {
  const why = { unknown: `: not known, because ${reason}`, skipped: `: skipped, because ${reason}` };
  const suffix = outcome === 'unknown' || outcome === 'skipped' ? why[outcome] : '';
  return `  ${colorOf(outcome, paint)(MARKS[outcome])} ${id.padEnd(width)}  ${title}${suffix}`;
}

function summary(outcomes: readonly Outcome[]): string {
  const counts = (Object.keys(WORDS) as Name[]).flatMap((name) => {
    const count = outcomes.filter(({ outcome }) => outcome === name).length;
    return count > 0 ? `${count} ${WORDS[name]}` : [];
  });
  return `${counted(outcomes.length, 'check')}: ${counts.join(', ')}`;
}

function colorOf(outcome: Name, paint: Paint): (text: string) => string {
  if (outcome === 'pass') return paint.green;
  if (outcome === 'fail') return paint.red;
  return outcome === 'warn' || outcome === 'unknown' ? paint.yellow : paint.dim;
}
