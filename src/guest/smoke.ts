import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../checks/check.ts';
import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { QEMU_BINARY } from '../host/qemu.ts';
import type { GuestPlan } from '../plan/guest-plan.ts';
import type { GuestRequest } from '../plan/request.ts';
import { stopQemu } from '../qemu/process.ts';
import { readConsoleLog } from './console-log.ts';
import { differenceFindings } from './differences.ts';
import { findGuestReport, type GuestFacts } from './guest-facts.ts';
import { buildInitramfs } from './initramfs.ts';
import { guestJournal, Journal } from './journal.ts';
import { launch, makeGuestDirectory, type RunningGuest, startDeadlineMs } from './launch.ts';
import { whileLocked } from './lock.ts';
import { type Prepared, prepareGuest, requireBound } from './prepare.ts';
import { putBack } from './put-back.ts';
import { requireReadableFiles } from './readable-files.ts';
import { selectGpus } from './select-gpus.ts';
import { type Comparison, compareGuest } from './verify.ts';
import { withBoundGpus } from './with-bound-gpus.ts';

export interface SmokeOptions {
  addresses: readonly string[];
  /** Everything but what the smoke guest boots. */
  request: Omit<GuestRequest, 'boot'>;
  /** Null: the kernel that runs on the host. */
  kernel: string | null;
  /** Bind the GPUs to the variant driver first, and give them back afterwards. */
  bind: boolean;
  /** Null: from the guest's memory. */
  deadlineMs: number | null;
  directories: { runtime: string; journal: string };
  signal: AbortSignal;
  progress(line: string): void;
}

export interface SmokeResult {
  plan: GuestPlan;
  /** Empty where a check failed before a guest was started. */
  comparisons: Comparison[];
  findings: Finding[];
}

const COMMAND = 'ghpass smoke';
/** UEFI and an emulated guest's kernel, beside the time that the start takes. */
const BOOT_MS = 300_000;
const POLL_MS = 200;
/** Few messages, because each character costs an exit; memory is not cleared, because nobody will miss it. */
const KERNEL_ARGUMENTS = 'console=ttyAMA0 loglevel=4 panic=-1 init_on_alloc=0';

/**
 * probe → plan → throw-away guest → comparison → host as before, whatever happens in between.
 * @throws GhpassError of any of the steps, after everything was undone.
 */
export async function smoke(host: Host, options: SmokeOptions): Promise<SmokeResult> {
  /** First of all, so that CI can skip a machine without a GPU by the exit status, whatever else it lacks. */
  await selectGpus(host, options.addresses, { open: false });
  const boot = { kernel: options.kernel ?? hostKernel(host), initrd: null, append: KERNEL_ARGUMENTS, disks: [] };
  requireReadableFiles(boot);
  const { name } = options.request;
  const binding = { ...options, guest: name, afterwards: 'give-back', command: COMMAND } as const;
  return withBoundGpus(host, binding, async () => {
    options.progress('asking the host and its GPUs');
    const prepared = await prepareGuest(host, options.addresses, { ...options.request, boot }, { open: true });
    requireBound(prepared);
    const { plan, findings } = prepared;
    if (findings.some(({ severity }) => severity === 'fail')) return { plan, comparisons: [], findings };
    const subject = guestJournal(name);
    const guest = await whileLocked(options.directories.journal, [subject], COMMAND, () => runGuest(prepared, options));
    const comparisons = compareGuest(plan, guest.report);
    const differences = differenceFindings(comparisons, plan.name);
    return { plan, comparisons, findings: [...findings, ...guest.findings, ...differences] };
  });
}

async function runGuest(
  { plan, tools }: Prepared,
  options: SmokeOptions,
): Promise<{ report: GuestFacts; findings: Finding[] }> {
  const journal = Journal.open(options.directories.journal, guestJournal(plan.name), COMMAND);
  let running: RunningGuest | null = null;
  let report: GuestFacts;
  try {
    const directory = makeGuestDirectory(options.directories.runtime, plan.name, journal);
    const initrd = await buildInitramfs(directory, options.signal, journal.environment);
    const bootable = { ...plan, boot: { ...plan.boot, initrd } };
    running = await launch(bootable, directory, journal, {
      binary: tools.qemu?.binary ?? QEMU_BINARY,
      deadlineMs: options.deadlineMs ?? startDeadlineMs(plan.memoryBytes),
      signal: options.signal,
      progress: options.progress,
    });
    report = await waitForReport(running, options);
  } catch (error) {
    throw await end(running, journal, error, options);
  }
  const failed = await end(running, journal, null, options);
  if (failed) throw failed;
  return { report, findings: running.findings };
}

/** @returns what is to be thrown, as {@link putBack} does. */
async function end(
  running: RunningGuest | null,
  journal: Journal,
  first: unknown,
  options: SmokeOptions,
): Promise<unknown> {
  if (running) await stopQemu(running.process, running.qmp);
  return putBack([journal], first, options);
}

/**
 * @throws GhpassError `guest.silent` where the guest ends or the time does before there is a report; the last lines of its
 * console are part of the message.
 */
async function waitForReport({ process, files }: RunningGuest, options: SmokeOptions): Promise<GuestFacts> {
  const deadlineMs = options.deadlineMs ?? BOOT_MS;
  const start = Date.now();
  let ended = false;
  void process.exited.then(() => {
    ended = true;
  });
  for (let polls = 0; ; polls += 1) {
    options.signal.throwIfAborted();
    const wasEnded = ended;
    const console = readConsoleLog(files.consoleLog);
    const report = findGuestReport(console);
    if (report) return report;
    const elapsedMs = Date.now() - start;
    if (wasEnded || elapsedMs > deadlineMs) throw silent(wasEnded, elapsedMs, console);
    if (polls % 25 === 0) {
      options.progress(
        `the guest boots: ${Math.round(elapsedMs / 1000)} s of at most ${Math.round(deadlineMs / 1000)} s`,
      );
    }
    await sleep(POLL_MS);
  }
}

function silent(ended: boolean, elapsedMs: number, console: string): GhpassError {
  const lines = console.replaceAll('\r', '').trim().split('\n').slice(-3).join(' | ');
  return new GhpassError(ended ? 'tool' : 'timeout', {
    code: 'guest.silent',
    message: `the guest ${ended ? 'ended' : 'is up'} after ${Math.round(elapsedMs / 1000)} s without a report; its console ends with: ${lines || 'nothing at all'}`,
    suggestions: ['--timeout SECONDS', '--kernel FILE   # an arm64 kernel that boots without modules'],
  });
}

/** @throws GhpassError `smoke.kernel-missing`. */
function hostKernel(host: Host): string {
  const candidates = [
    `/boot/vmlinuz-${host.release}`,
    `/lib/modules/${host.release}/vmlinuz`,
    `/boot/Image-${host.release}`,
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new GhpassError('tool', {
    code: 'smoke.kernel-missing',
    message: `the kernel that runs on the host is in none of ${candidates.join(', ')}`,
    suggestions: ['--kernel FILE'],
  });
}
