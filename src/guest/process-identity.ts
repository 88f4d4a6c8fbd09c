import { readFileSync } from 'node:fs';

/** Field 22 of /proc/PID/stat, counted behind the command name, which may hold blanks and parentheses (proc(5)). */
const START_TIME_FIELD = 19;

/**
 * When a process started, in clock ticks since boot: with the pid it names one process for ever, although pids are reused.
 * @returns null where there is no such process.
 */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD] ?? null;
  } catch {
    return null;
  }
}

export function ownStartTime(): string {
  return startTimeOf(process.pid) ?? '';
}

/** Whether exactly this process still runs. */
export function isAlive(pid: number, startTime: string): boolean {
  return startTimeOf(pid) === startTime;
}
