import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../checks/check.ts';
import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { shellWord } from '../host/shell-word.ts';
import type { GuestPlan } from '../plan/guest-plan.ts';
import { readConsoleLog } from './console-log.ts';
import { differenceFindings } from './differences.ts';
import { findGuestReport } from './guest-facts.ts';
import { guestFiles } from './launch.ts';
import { type Comparison, compareGuest } from './verify.ts';

export interface VerifyOptions {
  /** Where the guests of ghpass's own processes are. */
  runtime: string;
  /** URI of the libvirt that is asked for guests that are no process of ghpass. */
  connect: string;
  signal: AbortSignal;
}

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
export async function verifyRunning(host: Host, name: string, options: VerifyOptions): Promise<Verified> {
  const { plan, consoleLog } = readOwn(name, options) ?? (await readDomain(host, name, options));
  const guest = findGuestReport(readConsoleLog(consoleLog));
  if (guest === null) throw noReport(name, consoleLog);
  const comparisons = compareGuest(plan, guest);
  return { plan, comparisons, findings: differenceFindings(comparisons, name) };
}

interface Planned {
  plan: GuestPlan;
  consoleLog: string;
}

function readOwn(name: string, { runtime }: VerifyOptions): Planned | null {
  const directory = join(runtime, name);
  const file = join(directory, 'plan.json');
  return existsSync(file) ? { plan: readPlan(file), consoleLog: guestFiles(directory).consoleLog } : null;
}

/** Sizes were written as decimal strings, so that none is rounded. */
function readPlan(file: string): GuestPlan {
  return JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
    key.endsWith('Bytes') && typeof value === 'string' ? BigInt(value) : value,
  ) as GuestPlan;
}

/** The GPUs are in use, so their sizes are those that firmware tells. */
async function readDomain(host: Host, name: string, { connect, signal }: VerifyOptions): Promise<Planned> {
  const { Virsh } = await import('../libvirt/virsh.ts');
  const { planDomain } = await import('./domain/plan-domain.ts');
  const xml = await new Virsh(connect, { signal }).dumpXml(name, { inactive: true });
  const options = { connect, profile: 'auto', dryRun: true, open: false, managed: null, iommufd: null } as const;
  const { plan, domain } = await planDomain(host, xml, (present) => [...present], options);
  if (plan && domain.consoleLog !== null) return { plan, consoleLog: domain.consoleLog };
  if (plan) throw noLog(name);
  throw new GhpassError('usage', {
    code: 'guest.unknown',
    message: `ghpass gave no GPU to ${name} at ${connect}, and has no guest of that name itself`,
    suggestions: [`ghpass attach ${shellWord(name)} ADDRESS`],
  });
}

function noLog(name: string): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.no-console-log',
    message: `${name} keeps nothing of what its guest writes to its console: serial/log is missing`,
    suggestions: [`virsh edit ${name}   # <log file='/var/log/libvirt/qemu/${name}.console.log'/> in <serial>`],
  });
}

function noReport(name: string, consoleLog: string): GhpassError {
  return new GhpassError('tool', {
    code: 'guest.no-report',
    message: `${name} has not reported on its console (${consoleLog})`,
    suggestions: [`tail ${consoleLog}`, 'boot the initramfs of the smoke guest: ghpass smoke'],
  });
}
