import { readdirSync, readFileSync } from 'node:fs';

/** Fields of /proc/PID/stat, counted behind the command name, which may hold blanks and parentheses (proc(5)). */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;

/** One process, for ever: pids are reused, but not at the same clock tick since boot. */
export interface ProcessIdentity {
  pid: number;
  startTime: string;
}

/**
 * When a process started, in clock ticks since boot.
 * @returns null where there is no such process. One that has ended and waits for its parent to notice is none: in a
 * container nobody may ever notice.
 */
export function startTimeOf(pid: number): string | null {
  const fields = statOf(pid);
  const state = fields[STATE_FIELD] ?? 'X';
  return state === 'Z' || state === 'X' ? null : (fields[START_TIME_FIELD] ?? null);
}

/** The letter of proc(5) for what a process is doing; null where there is no such process. */
export function stateOf(pid: number): string | null {
  return statOf(pid)[STATE_FIELD] ?? null;
}

export function ownStartTime(): string {
  return startTimeOf(process.pid) ?? '';
}

/** Whether exactly this process still runs. */
export function isAlive(pid: number, startTime: string): boolean {
  return startTimeOf(pid) === startTime;
}

/** The command line of a process as a person writes it; empty where there is none. */
export function commandLineOf(pid: number): string {
  return commandWordsOf(pid).filter(Boolean).join(' ');
}

/** What a process was started with, word by word; empty where there is none. */
export function commandWordsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
}

/** Name of the environment variable by which processes that ghpass started are found after its death. */
const MARK = 'GHPASS_MARK';

/** The environment of a process that is to be found by its mark: it has it from its first moment on, unlike a pid file. */
export function markedEnvironment(mark: string): Record<string, string> {
  return { [MARK]: mark };
}

/** All living processes with one of the marks. */
export function findMarked(marks: readonly string[]): ProcessIdentity[] {
  const wanted = new Set(marks.map((mark) => `${MARK}=${mark}`));
  return readdirSync('/proc')
    .filter(
      (name) =>
        /^\d+$/.test(name) &&
        read(`/proc/${name}/environ`)
          .split('\0')
          .some((entry) => wanted.has(entry)),
    )
    .flatMap((name) => {
      const startTime = startTimeOf(Number(name));
      return startTime === null ? [] : [{ pid: Number(name), startTime }];
    });
}

function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Empty for a process that has ended, and for one of somebody else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
