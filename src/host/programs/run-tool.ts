import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { GhpassError } from '../../errors.ts';
import { openNameless } from './nameless-file.ts';
import { announceProgram, endOf } from './program-events.ts';
import { installCommands } from './tool-packages.ts';

export interface ToolRun {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface ToolOptions {
  deadlineMs?: number;
  input?: string;
  /** As `input`, for a program that opens `/proc/self/fd/0`: it cannot where that is a socket, which Node makes of an input. */
  document?: string;
  /** Directories that are searched behind PATH. */
  searchAlso?: readonly string[];
  signal?: AbortSignal;
  /** Set for the program beside what ghpass itself was given. */
  env?: Readonly<Record<string, string>>;
  /** Called every few seconds with the milliseconds that the program has taken so far. */
  onWait?: ((elapsedMs: number) => void) | undefined;
  /** Gets each line of standard output while the program runs. */
  onLine?: (line: string) => void;
}

/** A child in state D outlived its deadline and SIGKILL: it was left behind, and may yet do what it was told. */
export class AbandonedChildError extends GhpassError {
  constructor(
    readonly pid: number,
    details: ConstructorParameters<typeof GhpassError>[1],
  ) {
    super('timeout', details);
  }
}

/** Long enough for any query of a healthy tool on a loaded host. */
const DEFAULT_DEADLINE_MS = 60_000;
const REPORT_MS = 5_000;
/** How long a child gets between SIGTERM and SIGKILL, and again before it is given up as uninterruptible. */
const KILL_GRACE_MS = 2_000;

/**
 * Runs a program to its end, with `LC_ALL=C` so that its output can be parsed.
 * A child that outlives its deadline is killed; one that does not die even then (state D) is abandoned, never awaited.
 * @throws GhpassError `tool.missing` (not on PATH), `tool.timeout` with the state of the child, `interrupted`, and those of
 * {@link openNameless}.
 */
export async function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolRun> {
  const { execa } = await import('execa');
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const path = [process.env.PATH, ...(options.searchAlso ?? [])].filter(Boolean).join(':');
  const document = options.document === undefined ? null : createReadStream('', { fd: openNameless(options.document) });
  const announced = announceProgram(command, args, {
    searchAlso: options.searchAlso,
    input: options.input ?? options.document ?? null,
    deadlineMs,
    isReported: options.onWait !== undefined || options.onLine !== undefined,
  });
  const child = execa(command, args, {
    env: { ...options.env, LC_ALL: 'C', PATH: path },
    reject: false,
    timeout: deadlineMs,
    forceKillAfterDelay: KILL_GRACE_MS,
    stripFinalNewline: true,
    ...(options.input === undefined ? { stdin: document ?? 'ignore' } : { input: options.input }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  document?.destroy();
  if (options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine);
  const gaveUp = Symbol('gave up');
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<typeof gaveUp>((resolve) => {
    timer = setTimeout(() => resolve(gaveUp), deadlineMs + 2 * KILL_GRACE_MS);
  });
  const start = Date.now();
  const ticker = options.onWait && setInterval(() => options.onWait?.(Date.now() - start), REPORT_MS);
  const result = await Promise.race([child, deadline]).finally(() => {
    clearTimeout(timer);
    clearInterval(ticker);
  });
  announced(result === gaveUp ? 'left behind' : endOf(result.exitCode ?? null, result.signal ?? null));
  if (result === gaveUp) {
    // A process in state D holds its pipes, and so does a child that outlived the program: neither may hold ghpass.
    for (const held of [child.stdout, child.stderr]) held?.destroy();
    child.unref();
    const isDead = child.exitCode !== null || child.signalCode !== null;
    throw timedOut(command, deadlineMs, isDead ? null : (child.pid ?? null));
  }
  if (result.timedOut) throw timedOut(command, deadlineMs, null);
  if (result.isCanceled) throw new GhpassError('interrupted', { code: 'interrupted', message: 'interrupted' });
  if (result.exitCode === undefined && result.signal === undefined)
    throw notStarted(command, result.code, result.message ?? '');
  return {
    status: result.exitCode ?? null,
    signal: result.signal ?? null,
    stdout: result.stdout,
    stderr: result.stderr,
  };
}

function timedOut(command: string, deadlineMs: number, abandonedPid: number | null): GhpassError {
  const state =
    abandonedPid === null ? 'ended' : `left behind: process ${abandonedPid} does not die (uninterruptible, state D)`;
  const code = 'tool.timeout';
  const message = `${command} gave no answer in ${Math.round(deadlineMs / 1000)} s and was ${state}`;
  if (abandonedPid === null) return new GhpassError('timeout', { code, message, suggestions: ['dmesg | tail'] });
  const suggestions = [`cat /proc/${abandonedPid}/stack`, 'dmesg | tail', 'reboot the host'];
  return new AbandonedChildError(abandonedPid, { code, message, suggestions });
}

function notStarted(command: string, errno: string | undefined, message: string): GhpassError {
  if (errno !== 'ENOENT') {
    const reason = message.split('\n')[0];
    return new GhpassError('tool', { code: 'tool.not-started', message: `${command} did not start: ${reason}` });
  }
  return new GhpassError('tool', {
    code: 'tool.missing',
    message: `${command} is not on PATH`,
    suggestions: installCommands(command),
  });
}
