import { existsSync, readFileSync } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { isAlive, startTimeOf } from '../journal/process-identity.ts';
import type { ProcessGuest } from '../life/find-guest.ts';
import type { GuestConsole } from './guest-console.ts';
import { askConsole, openQemuLine } from './qemu-line.ts';

const LOOK_MS = 250;

/**
 * The console of a guest whose QEMU is a process of ghpass.
 * @throws GhpassError `guest.not-running`, `guest.no-console-log`.
 */
export async function processConsole({ name, files }: ProcessGuest): Promise<GuestConsole> {
  const pid = pidIn(files.pidFile);
  const startTime = pid === null ? null : startTimeOf(pid);
  if (pid === null || startTime === null || !(await askConsole(files)).isRunning)
    throw notRunning(name, files.consoleLog);
  if (!existsSync(files.consoleLog)) throw noLog(name, files.consoleLog);
  return {
    name,
    where: `process ${pid}`,
    log: files.consoleLog,
    open: () => openQemuLine(files),
    isRunning: async () => isAlive(pid, startTime),
    lookMs: LOOK_MS,
    subject: `console-${name}`,
  };
}

function pidIn(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8')) || null;
  } catch {
    return null;
  }
}

/** @param log of its last life, where it had one that is still there. */
export function notRunning(name: string, log: string | null): GhpassError {
  return new GhpassError('check', {
    code: 'guest.not-running',
    message: `${name} does not run, so there is no console`,
    suggestions: [`ghpass start ${shellWord(name)}`, ...(log && existsSync(log) ? [`tail ${shellWord(log)}`] : [])],
  });
}

function noLog(name: string, log: string): GhpassError {
  return new GhpassError('tool', {
    code: 'guest.no-console-log',
    message: `${name} has no console log any more: ${log} was removed while it runs`,
    suggestions: [`socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:${log.replace(/log$/, 'sock')}`],
  });
}
