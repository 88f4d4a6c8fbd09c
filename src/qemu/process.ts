import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../errors.ts';
import { Qmp } from './qmp.ts';

/** A started QEMU. */
export interface QemuProcess {
  pid: number;
  /** Settles when QEMU is gone, with its exit status (null where a signal ended it). */
  exited: Promise<number | null>;
}

const POLL_MS = 100;
/** How long QEMU gets to leave after `quit`, and again after SIGTERM. */
const LEAVE_MS = 5_000;

/**
 * Starts QEMU in a session of its own, so that a Ctrl-C in the terminal reaches ghpass alone, which then ends it in order.
 * @param log where its messages go.
 */
export function startQemu(binary: string, argv: readonly string[], log: string): QemuProcess {
  const output = openSync(log, 'w', 0o600);
  const child = spawn(binary, argv, { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (status) => resolve(status));
    child.once('error', () => resolve(127));
  });
  child.unref();
  return { pid: child.pid ?? 0, exited };
}

export interface WaitOptions {
  deadlineMs: number;
  signal: AbortSignal;
  /** Called about every second with the milliseconds that have passed. */
  onWait(elapsedMs: number): void;
}

/**
 * Waits until QEMU answers over QMP that its guest is running. Pinning the guest's memory comes before that.
 * @throws GhpassError `qemu.exited` with QEMU's last words, `qemu.timeout`, `interrupted`.
 */
export async function waitUntilRunning(
  qemu: QemuProcess,
  socket: string,
  log: string,
  options: WaitOptions,
): Promise<Qmp> {
  const start = Date.now();
  let exitStatus: number | null | undefined;
  void qemu.exited.then((status) => {
    exitStatus = status;
  });
  let reported = 0;
  for (;;) {
    options.signal.throwIfAborted();
    if (exitStatus !== undefined) throw exited(exitStatus, log);
    const qmp = await Qmp.open(socket).catch(() => null);
    if (qmp && (await isRunning(qmp))) return qmp;
    qmp?.close();
    const elapsedMs = Date.now() - start;
    if (elapsedMs > options.deadlineMs) throw tooSlow(options.deadlineMs, log);
    if (elapsedMs - reported >= 1_000) {
      reported = elapsedMs;
      options.onWait(elapsedMs);
    }
    await sleep(POLL_MS);
  }
}

async function isRunning(qmp: Qmp): Promise<boolean> {
  const status = (await qmp.execute('query-status').catch(() => null)) as { running?: boolean } | null;
  return status?.running === true;
}

/** Ends QEMU: `quit`, then SIGTERM, then SIGKILL, each only where the one before did not do. */
export async function stopQemu(qemu: QemuProcess, qmp: Qmp | null): Promise<void> {
  const gone = async () => (await Promise.race([qemu.exited.then(() => true), sleep(LEAVE_MS, false)])) as boolean;
  if (qmp) {
    await qmp.execute('quit').catch(() => null);
    qmp.close();
    if (await gone()) return;
  }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signalProcess(qemu.pid, signal)) return;
    if (await gone()) return;
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return pid > 0 && process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The last lines of QEMU's own output: what it said before it left. */
export function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trim().split('\n').slice(-3);
  return lines.join(' | ').replace(/^\s*$/, 'it said nothing');
}

function exited(status: number | null, log: string): GhpassError {
  return new GhpassError('tool', {
    code: 'qemu.exited',
    message: `QEMU ended before the guest ran (${status === null ? 'by a signal' : `status ${status}`}): ${lastWords(log)}`,
  });
}

function tooSlow(deadlineMs: number, log: string): GhpassError {
  return new GhpassError('timeout', {
    code: 'qemu.timeout',
    message: `the guest does not run after ${Math.round(deadlineMs / 1000)} s; QEMU: ${lastWords(log)}`,
    suggestions: ['--timeout SECONDS', 'give the guest less memory, or huge pages: all of it is pinned before it runs'],
  });
}
