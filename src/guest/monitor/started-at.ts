import { readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts since boot, whatever the kernel's own clock is (include/asm-generic/param.h). */
const TICKS_PER_SECOND = 100;

/**
 * When a process started, in milliseconds since 1970, by today's clock.
 * @param startTime as in /proc/PID/stat.
 */
export function startedAtMs(startTime: string): number {
  const [uptime = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.round(Date.now() - Number(uptime) * 1000 + (Number(startTime) * 1000) / TICKS_PER_SECOND);
}
