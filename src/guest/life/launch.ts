import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import { renderArgv } from '../../qemu/argv/argv.ts';
import type { GuestFiles } from '../../qemu/argv/guest-files.ts';
import { pinThreads, requirePinning } from '../../qemu/pin-threads.ts';
import { lastWords, type QemuProcess, startQemu, waitUntilRunning } from '../../qemu/process.ts';
import type { Qmp } from '../../qemu/qmp.ts';
import { formatBytes, GIB } from '../../vfio/bytes.ts';
import { ensureVariables } from '../definition/firmware-variables.ts';
import type { Journal } from '../journal/journal.ts';
import { markedEnvironment, startTimeOf } from '../journal/process-identity.ts';
import { pinningFindings } from './pinning-findings.ts';

/** A guest whose vCPUs run. */
export interface RunningGuest {
  process: QemuProcess;
  qmp: Qmp;
  files: GuestFiles;
  /** QEMU's own messages. */
  log: string;
  /** What is not as planned, though the guest runs. */
  findings: Finding[];
}

export interface LaunchOptions {
  binary: string;
  /** Directory of what stays when the guest ends; left out, nothing does. */
  lasting?: string;
  deadlineMs: number;
  signal: AbortSignal;
  progress(line: string): void;
}

/** 30 s, and one second for each GiB beyond 30, four times with PCI passthrough (Proxmox, PVE::QemuServer::Helpers). */
const BASE_SECONDS = 30n;
const PASSTHROUGH_FACTOR = 4n;

/** How long a guest may take until it runs: all of its memory is pinned before. */
export function startDeadlineMs(memoryBytes: bigint): number {
  const gib = memoryBytes / GIB;
  const seconds = (BASE_SECONDS + (gib > BASE_SECONDS ? gib - BASE_SECONDS : 0n)) * PASSTHROUGH_FACTOR;
  return Number(seconds) * 1000;
}

/** Name of the firmware's variables, which outlive the guest where it has a directory of what stays. */
export const VARIABLES = 'variables.fd';

/**
 * The files of a guest.
 * @param directory of what is there while it runs.
 * @param lasting directory of what stays when it ends; left out, nothing does.
 */
export function guestFiles(directory: string, lasting: string = directory): GuestFiles {
  return {
    variables: join(lasting, VARIABLES),
    qmpSocket: join(directory, 'qmp.sock'),
    eventsSocket: join(directory, 'events.sock'),
    agentSocket: join(directory, 'agent.sock'),
    consoleSocket: join(directory, 'console.sock'),
    consoleLog: join(directory, 'console.log'),
    pidFile: join(directory, 'qemu.pid'),
  };
}

/**
 * Makes the directory of a guest.
 * @throws GhpassError `guest.exists` where there is one of that name, `permission.directory`.
 */
export function makeGuestDirectory(root: string, name: string, journal: Journal): string {
  const directory = join(root, name);
  if (existsSync(directory)) {
    throw new GhpassError('check', {
      code: 'guest.exists',
      message: `there is a guest named ${name} already: ${directory}`,
      suggestions: ['choose another name', 'ghpass recover   # if its ghpass was killed'],
    });
  }
  journal.record({ kind: 'directory', path: directory });
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    throw new GhpassError('permission', {
      code: 'permission.directory',
      message: `${directory}: ${errno}`,
      cause: error,
    });
  }
  return directory;
}

/**
 * Starts the guest of a plan and waits until it runs.
 * @throws GhpassError `firmware.changed`, `qemu.exited`, `qemu.timeout`, `qemu.region-not-mapped`, `mmio.pa-bits`, `interrupted`, and of a guest
 * that is to be pinned those of {@link pinThreads}.
 */
export async function launch(
  plan: GuestPlan,
  directory: string,
  journal: Journal,
  options: LaunchOptions,
): Promise<RunningGuest> {
  const files = guestFiles(directory, options.lasting);
  const log = join(directory, 'qemu.log');
  if (plan.pinning) await requirePinning();
  ensureVariables(files.variables, plan.firmware);
  const mark = randomUUID();
  journal.record({ kind: 'guest', mark });
  const process = startQemu(options.binary, renderArgv(plan, files), log, markedEnvironment(mark));
  const startTime = startTimeOf(process.pid);
  if (startTime !== null) journal.record({ kind: 'process', pid: process.pid, startTime });
  const seconds = Math.round(options.deadlineMs / 1000);
  options.progress(
    `starting ${plan.name} with ${plan.accelerator}: ${formatBytes(plan.memoryBytes)} are pinned, at most ${seconds} s`,
  );
  const qmp = await waitUntilRunning(process, files.qmpSocket, log, {
    ...options,
    onWait: (elapsed) =>
      options.progress(`starting ${plan.name}: ${Math.round(elapsed / 1000)} s of at most ${seconds} s`),
  });
  await requireWindow(plan, qmp);
  requireMappedRegions(log);
  const differences = plan.pinning ? await pinThreads(process.pid, qmp, plan.pinning) : [];
  return { process, qmp, files, log, findings: pinningFindings(differences, plan.name) };
}

/**
 * QEMU drops a window that does not fit and says nothing; the realised value of this property tells
 * (seen with 10.0.2 and 11.1.3).
 */
async function requireWindow(plan: GuestPlan, qmp: Qmp): Promise<void> {
  const present = await qmp.execute('qom-get', { path: '/machine', property: 'highmem-mmio' });
  if (present !== false) return;
  throw new GhpassError('check', {
    code: 'mmio.pa-bits',
    message: `QEMU dropped the MMIO window of ${formatBytes(plan.machine.windowBytes ?? 0n)}: it does not fit the guest's physical address bits`,
    suggestions: ['give the guest fewer GPUs'],
  });
}

/** QEMU goes on with a region that it could not map, and then every access to the GPU's memory is trapped. */
function requireMappedRegions(log: string): void {
  const words = lastWords(log);
  if (!words.includes('Failed to mmap')) return;
  throw new GhpassError('tool', { code: 'qemu.region-not-mapped', message: `QEMU could not map a region: ${words}` });
}
