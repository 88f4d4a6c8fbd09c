import { ALL_CHECKS, CHECK_GROUPS } from '../checks/all.ts';
import { isIncomplete, type Outcome } from '../checks/outcome.ts';
import type { Selection } from '../checks/select.ts';
import type { Diagnosis } from '../guest/doctor.ts';
import type { Outcome as CommandOutcome } from './command.ts';
import { doctorText } from './doctor-text.ts';
import type { Paint } from './paint.ts';

/** What `doctor` prints. */
export function doctorReport({ host, opened, outcomes, findings }: Diagnosis, paint: Paint): CommandOutcome {
  const checks = outcomes.map(({ id, subject, outcome, reason }) => ({
    id,
    ...(subject === null ? {} : { subject }),
    outcome,
    ...(reason === null ? {} : { reason }),
  }));
  const text = doctorText(groupsOf(outcomes), paint);
  return { result: { host: host.source, opened, checks }, findings, text, incomplete: isIncomplete(outcomes) };
}

/** What `doctor --list-checks` prints. */
export function listReport({ only, skipped }: Selection): CommandOutcome {
  const listed = ALL_CHECKS.filter(({ id }) => (only === null || only.has(id)) && !skipped.has(id));
  const checks = listed.map(({ id, severity, title }) => ({ id, severity, title }));
  const width = Math.max(0, ...checks.map(({ id }) => id.length));
  const lines = checks.map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity}  ${title}`);
  return { result: { checks }, findings: [], text: lines.join('\n') };
}

/** The host, then each GPU, then the guest. */
function groupsOf(outcomes: readonly Outcome[]): { about: string; outcomes: Outcome[] }[] {
  const ofGuest = new Set(CHECK_GROUPS.find(({ about }) => about === 'guest')?.checks.map(({ id }) => id));
  const aboutOf = ({ subject, id }: Outcome) => subject ?? (ofGuest.has(id) ? 'a plain guest with all GPUs' : 'host');
  const names = [...new Set(outcomes.map(aboutOf))];
  return names.map((about) => ({ about, outcomes: outcomes.filter((outcome) => aboutOf(outcome) === about) }));
}
