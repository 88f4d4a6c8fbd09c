import type { Finding } from '../checks/check.ts';
import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { shellWord } from '../host/shell-word.ts';
import type { GuestPlan } from '../plan/guest-plan.ts';
import { readConsoleLog } from './console-log.ts';
import { differenceFindings } from './differences.ts';
import { type FindOptions, findGuest, type KnownGuest } from './find-guest.ts';
import { findGuestReport } from './guest-facts.ts';
import { type Comparison, compareGuest } from './verify.ts';

export interface Verified {
  plan: GuestPlan;
  comparisons: Comparison[];
  findings: Finding[];
}

/**
 * Holds the last report of a guest against its plan: the one that was written down when ghpass started it, or the one that
 * its domain and this host give now.
 * @throws GhpassError `guest.unknown`, `guest.no-console-log`, `guest.no-report`, `guest.report-broken`.
 */
export async function verifyRunning(host: Host, name: string, options: FindOptions): Promise<Verified> {
  const found = await findGuest(host, name, options);
  const consoleLog = consoleLogOf(found);
  const guest = findGuestReport(readConsoleLog(consoleLog));
  if (guest === null) throw noReport(name, consoleLog);
  const comparisons = compareGuest(found.plan, guest);
  return { plan: found.plan, comparisons, findings: differenceFindings(comparisons, name) };
}

function consoleLogOf(guest: KnownGuest): string {
  if (guest.backend === 'qemu') return guest.files.consoleLog;
  if (guest.consoleLog !== null) return guest.consoleLog;
  throw noLog(guest.name);
}

function noLog(name: string): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.no-console-log',
    message: `${name} keeps nothing of what its guest writes to its console: serial/log is missing`,
    suggestions: [
      `virsh edit ${shellWord(name)}   # <log file='/var/log/libvirt/qemu/${name}.console.log'/> in <serial>`,
    ],
  });
}

function noReport(name: string, consoleLog: string): GhpassError {
  return new GhpassError('tool', {
    code: 'guest.no-report',
    message: `${name} has not reported on its console (${consoleLog})`,
    suggestions: [`tail ${consoleLog}`, 'boot the initramfs of the smoke guest: ghpass smoke'],
  });
}
