import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../checks/check.ts';
import { QEMU_BINARY } from '../../host/programs/qemu.ts';
import { exactJson } from '../definition/definition.ts';
import type { Journal } from '../journal/journal.ts';
import { type LaunchOptions, launch, makeGuestDirectory, startDeadlineMs } from './launch.ts';
import type { Prepared } from './prepare.ts';

/** Where a guest that was started can be reached. */
export interface StartedGuest {
  pid: number;
  qmpSocket: string;
  consoleSocket: string;
  consoleLog: string;
}

export interface StartProcessOptions extends Pick<LaunchOptions, 'signal' | 'progress'> {
  /** Directory of all guests that run. */
  runtime: string;
  /** Directory of what stays of this guest when it ends. */
  lasting: string;
  /** Null: from the guest's memory. */
  deadlineMs: number | null;
}

/**
 * Starts the guest of a plan as a process that outlives ghpass. Whoever has the journal undoes it.
 * @throws GhpassError those of {@link makeGuestDirectory} and {@link launch}.
 */
export async function startProcess(
  { plan, tools }: Prepared,
  journal: Journal,
  { runtime, lasting, deadlineMs, signal, progress }: StartProcessOptions,
): Promise<{ guest: StartedGuest; findings: Finding[] }> {
  const directory = makeGuestDirectory(runtime, plan.name, journal);
  writeFileSync(join(directory, 'plan.json'), exactJson(plan), { mode: 0o600 });
  const { process, qmp, files, findings } = await launch(plan, directory, journal, {
    binary: tools.qemu?.binary ?? QEMU_BINARY,
    lasting,
    deadlineMs: deadlineMs ?? startDeadlineMs(plan.memoryBytes),
    signal,
    progress,
  });
  qmp.close();
  const { qmpSocket, consoleSocket, consoleLog } = files;
  return { guest: { pid: process.pid, qmpSocket, consoleSocket, consoleLog }, findings };
}
