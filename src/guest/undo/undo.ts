import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import type { Change } from '../../host/journal-lines.ts';
import { restoreDriver, restoreOverride, unloadModule } from '../binding/binding.ts';
import { removeDefinition } from '../definition/definition.ts';
import type { Journal } from '../journal/journal.ts';
import { commandLineOf, findMarked, isAlive, type ProcessIdentity, stateOf } from '../journal/process-identity.ts';

/** How long a process gets to leave after SIGTERM. */
const LEAVE_MS = 5_000;
/** Longer than any tool may take that an earlier ghpass has started: the bind of a device that is ready after 256 s. */
const ORPHANS_MS = 300_000;
const REPORT_MS = 5_000;
const POLL_MS = 100;

export interface UndoOptions {
  progress(line: string): void;
  /** How long tools may take that outlived the ghpass which had started them. */
  orphansMs?: number;
}

/**
 * Undoes what is in a journal, the last change first. Each step looks at what is there now, so that a change which was never
 * made, or is already undone, is left alone: undoing twice is undoing once.
 * @throws GhpassError `undo.process-left` where a process that may still change something does not end: before it has, nothing
 * is undone; `process.not-ended`; and those of {@link restoreDriver}.
 */
export async function undo(journal: Journal, options: UndoOptions): Promise<void> {
  const changes = journal.changes();
  await waitForOrphans(journal, changes, options);
  for (const change of changes.reverse()) await undoOne(change, journal, options);
}

async function undoOne(change: Change, journal: Journal, { progress }: UndoOptions): Promise<void> {
  switch (change.kind) {
    case 'module':
      return unloadModule(change.name);
    case 'driver-override':
      return restoreOverride(change.address, change.before, { journal, progress });
    case 'driver':
      return restoreDriver(change.address, change.before, { journal, progress });
    case 'directory':
      return rmSync(change.path, { recursive: true, force: true });
    case 'definition':
      return removeDefinition(change.path);
    case 'guest':
      for (const guest of findMarked([change.mark])) await endProcess(guest);
      return;
    case 'process':
      return endProcess(change);
    case 'domain':
      return (await import('../domain/undo-domain.ts')).undoDomain(change, journal);
    case 'domain-run':
      return (await import('../domain/undo-domain.ts')).endDomain(change, journal);
    case 'abandoned':
      return;
  }
}

/**
 * A tool that a killed ghpass had started goes on alone: what it is about to do cannot be undone before it is done. One that
 * is known to hang in the kernel is not waited for.
 */
async function waitForOrphans(journal: Journal, changes: readonly Change[], options: UndoOptions): Promise<void> {
  const { progress, orphansMs = ORPHANS_MS } = options;
  const hanging = changes.find((change) => change.kind === 'abandoned' && isAlive(change.pid, change.startTime));
  if (hanging?.kind === 'abandoned') throw processLeft(journal.subject, hanging, null);
  const marks = journal.earlierMarks();
  const start = Date.now();
  for (let told = 0; ; ) {
    const [orphan] = findMarked(marks);
    if (!orphan) return;
    const elapsedMs = Date.now() - start;
    if (elapsedMs > orphansMs) throw processLeft(journal.subject, orphan, elapsedMs);
    if (elapsedMs >= told) {
      told += REPORT_MS;
      progress(
        `waiting for process ${orphan.pid} (${commandLineOf(orphan.pid)}), at most ${Math.round(orphansMs / 1000)} s`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function endProcess({ pid, startTime }: ProcessIdentity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(pid, startTime)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < LEAVE_MS && isAlive(pid, startTime); waited += POLL_MS) await sleep(POLL_MS);
  }
  if (!isAlive(pid, startTime)) return;
  throw new GhpassError('timeout', {
    code: 'process.not-ended',
    message: `process ${pid} (${commandLineOf(pid)}) does not end, not by SIGKILL either: it is in state ${stateOf(pid)}`,
    suggestions: [`cat /proc/${pid}/stack`, 'dmesg | tail'],
  });
}

function processLeft(subject: string, { pid }: ProcessIdentity, elapsedMs: number | null): GhpassError {
  const since = elapsedMs === null ? '' : ` after ${Math.round(elapsedMs / 1000)} s`;
  return new GhpassError('timeout', {
    code: 'undo.process-left',
    message: `${subject}: process ${pid} (${commandLineOf(pid)}), which ghpass started, is still at work${since}, in state ${stateOf(pid)}; before it ends, nothing is undone`,
    suggestions: [
      `cat /proc/${pid}/stack   # where it hangs`,
      'dmesg | tail',
      'ghpass recover   # once it has ended',
      'reboot the host, if it does not end',
    ],
  });
}
