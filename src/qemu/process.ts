import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../errors.ts';
import { announceProgram, endOf } from '../host/programs/program-events.ts';
import { Qmp } from './qmp.ts';

/** A started QEMU. */
export interface QemuProcess {
  pid: number;
  /** Settles when QEMU is gone, with its exit status (null where a signal ended it). */
  exited: Promise<number | null>;
}

/** What a shell answers for a program that it cannot start. */
const NOT_STARTED = 127;
const POLL_MS = 100;
const REPORT_MS = 1_000;
/** How long QEMU gets to leave after `quit`, and again after SIGTERM. */
const LEAVE_MS = 5_000;

/**
 * Starts QEMU in a session of its own, so that a Ctrl-C in the terminal reaches ghpass alone, which then ends it in order.
 * @param log where its messages go.
 * @param env what it gets beside the environment of ghpass.
 */
export function startQemu(
  binary: string,
  argv: readonly string[],
  log: string,
  env: Readonly<Record<string, string>> = {},
): QemuProcess {
  const output = openSync(log, 'w', 0o600);
  const stdio = ['ignore', output, output] as const;
  const announced = announceProgram(binary, argv, { input: null, deadlineMs: null, isReported: true });
  const child = spawn(binary, argv, { detached: true, stdio: [...stdio], env: { ...process.env, ...env } });
  closeSync(output);
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (status, signal) => {
      announced(endOf(status, signal));
      resolve(status);
    });
    child.once('error', (error) => {
      announced('not started');
      writeFileSync(log, error.message);
      resolve(NOT_STARTED);
    });
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
  const ended = new AbortController();
  let exitStatus: number | null = null;
  void qemu.exited.then((status) => {
    exitStatus = status;
    ended.abort();
  });
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const giveUp = AbortSignal.any([options.signal, deadline, ended.signal]);
  const ticker = setInterval(() => options.onWait(Date.now() - start), REPORT_MS);
  try {
    while (!giveUp.aborted) {
      const qmp = await openRunning(socket, giveUp).catch(() => null);
      if (qmp) return qmp;
      await sleep(POLL_MS, null, { signal: giveUp }).catch(() => null);
    }
  } finally {
    clearInterval(ticker);
  }
  options.signal.throwIfAborted();
  // What came first is the cause: a QEMU may end because nobody talks to it any more after the deadline.
  throw giveUp.reason === deadline.reason ? tooSlow(options.deadlineMs, log) : exited(exitStatus, log);
}

/** @returns null where QEMU answers and its guest does not run. */
async function openRunning(socket: string, signal: AbortSignal): Promise<Qmp | null> {
  const qmp = await Qmp.open(socket, signal);
  let isRunning = false;
  try {
    const status = (await qmp.until(signal, () => qmp.execute('query-status'))) as { running?: boolean };
    isRunning = status.running === true;
  } finally {
    if (!isRunning) qmp.close();
  }
  return isRunning ? qmp : null;
}

/**
 * Ends QEMU: `quit`, then SIGTERM, then SIGKILL, each only where the one before did not do.
 * @param leaveMs how long each may take.
 */
export async function stopQemu(qemu: QemuProcess, qmp: Qmp | null, leaveMs: number = LEAVE_MS): Promise<void> {
  if (qmp) {
    // A QEMU that hangs does not answer: it gets its time, and then a signal.
    void qmp.execute('quit').catch(() => null);
    const isGone = await leaves(qemu, leaveMs);
    qmp.close();
    if (isGone) return;
  }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signalProcess(qemu.pid, signal)) return;
    if (await leaves(qemu, leaveMs)) return;
  }
}

/** The timer ends with the wait: it would keep ghpass alive. */
async function leaves({ exited }: QemuProcess, leaveMs: number): Promise<boolean> {
  const timer = new AbortController();
  const isOver = sleep(leaveMs, false, { signal: timer.signal }).catch(() => false);
  const isGone = await Promise.race([exited.then(() => true), isOver]);
  timer.abort();
  return isGone;
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
