import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../checks/check.ts';
import type { Host } from '../host/host.ts';
import { QEMU_BINARY } from '../host/qemu.ts';
import type { GuestPlan } from '../plan/guest-plan.ts';
import type { GuestRequest } from '../plan/request.ts';
import { renderArgv } from '../qemu/argv.ts';
import { guestJournal, Journal } from './journal.ts';
import { guestFiles, launch, makeGuestDirectory, startDeadlineMs } from './launch.ts';
import { whileLocked } from './lock.ts';
import { type Prepared, prepareGuest, requireBound } from './prepare.ts';
import { putBack } from './put-back.ts';
import { requireReadableFiles } from './readable-files.ts';
import { withBoundGpus } from './with-bound-gpus.ts';

export interface CreateOptions {
  addresses: readonly string[];
  request: GuestRequest;
  bind: boolean;
  open: boolean;
  deadlineMs: number | null;
  directories: { runtime: string; journal: string };
  signal: AbortSignal;
  progress(line: string): void;
}

/** Where a guest that was started can be reached. */
export interface CreatedGuest {
  pid: number;
  qmpSocket: string;
  consoleSocket: string;
  consoleLog: string;
}

export interface CreateResult extends Prepared {
  /** Null where a check failed, so that nothing was started. */
  guest: CreatedGuest | null;
}

const COMMAND = 'ghpass create-vm';

/** The command line that {@link createGuest} would start, program first. */
export function guestCommand({ plan, tools }: Prepared, runtimeDirectory: string): string[] {
  const files = guestFiles(join(runtimeDirectory, plan.name));
  return [tools.qemu?.binary ?? QEMU_BINARY, ...renderArgv(plan, files)];
}

/**
 * Plans a guest, starts it, and leaves it running. After a failure or an interrupt, the guest, its files and the bindings
 * that were made for it are gone.
 */
export async function createGuest(host: Host, options: CreateOptions): Promise<CreateResult> {
  requireReadableFiles(options.request.boot);
  const { name } = options.request;
  const binding = { ...options, guest: name, afterwards: 'keep', command: COMMAND } as const;
  return withBoundGpus(host, binding, async () => {
    const prepared = await prepareGuest(host, options.addresses, options.request, options);
    requireBound(prepared);
    if (prepared.findings.some(({ severity }) => severity === 'fail')) return { ...prepared, guest: null };
    const subject = guestJournal(name);
    const { guest, findings } = await whileLocked(options.directories.journal, [subject], COMMAND, () =>
      startGuest(prepared, options),
    );
    return { ...prepared, findings: [...prepared.findings, ...findings], guest };
  });
}

async function startGuest(
  { plan, tools }: Prepared,
  options: CreateOptions,
): Promise<{ guest: CreatedGuest; findings: Finding[] }> {
  const journal = Journal.open(options.directories.journal, guestJournal(plan.name), COMMAND);
  try {
    const directory = makeGuestDirectory(options.directories.runtime, plan.name, journal);
    writePlan(join(directory, 'plan.json'), plan);
    const { process, qmp, files, findings } = await launch(plan, directory, journal, {
      binary: tools.qemu?.binary ?? QEMU_BINARY,
      deadlineMs: options.deadlineMs ?? startDeadlineMs(plan.memoryBytes),
      signal: options.signal,
      progress: options.progress,
    });
    qmp.close();
    journal.keep();
    const { qmpSocket, consoleSocket, consoleLog } = files;
    return { guest: { pid: process.pid, qmpSocket, consoleSocket, consoleLog }, findings };
  } catch (error) {
    throw await putBack([journal], error, options);
  }
}

/** Sizes as decimal strings: the plan is read back exactly. */
function writePlan(path: string, plan: GuestPlan): void {
  const text = JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value), 2);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
}
