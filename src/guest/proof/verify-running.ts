import { assess, type Finding } from '../../checks/check.ts';
import type { GuestGpu } from '../../checks/guest/facts.ts';
import { RUNNING_GUEST_CHECKS } from '../../checks/guest/index.ts';
import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { NvidiaDriver } from '../../host/kernel/nvidia-driver.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import { bootAgain, nextBootText } from '../domain/next-boot.ts';
import { type FindOptions, findGuest, type KnownGuest } from '../life/find-guest.ts';
import { askAgent } from './ask-agent.ts';
import { readConsoleLog } from './console-log.ts';
import { differenceFindings } from './differences.ts';
import { gpusInGuest } from './gpus-in-guest.ts';
import { findGuestReport, type GuestFacts } from './guest-facts.ts';
import { type Comparison, compareGuest } from './verify.ts';

/** How a guest was asked. */
export type Via = 'agent' | 'console';

export interface Verified {
  plan: GuestPlan;
  comparisons: Comparison[];
  via: Via;
  /** NVIDIA's driver in the guest, and the memory that it gave to the kernel; null where it is not loaded. */
  driver: (NvidiaDriver & { gpus: GuestGpu[] }) | null;
  findings: Finding[];
}

export interface VerifyOptions extends FindOptions {
  via: Via | 'auto';
  progress(line: string): void;
}

/**
 * Holds what a guest says of itself against its plan: the one that was written down when ghpass started it, or the one that
 * its domain and this host give now.
 * @throws GhpassError `guest.unknown`, `guest.next-boot` for a domain that was given other GPUs since it was started,
 * `guest.no-console-log`, `guest.no-report`, `guest.report-broken`, and where only the agent is to be asked those of {@link askAgent}.
 */
export async function verifyRunning(host: Host, name: string, options: VerifyOptions): Promise<Verified> {
  const found = await findGuest(host, name, options);
  if (found.backend === 'libvirt' && found.nextBoot !== null) {
    throw new GhpassError('check', {
      code: 'guest.next-boot',
      message: nextBootText(name, found.nextBoot),
      suggestions: bootAgain(found),
    });
  }
  const { via, guest } = await askGuest(found, options);
  const { plan } = found;
  const comparisons = compareGuest(plan, guest);
  const gpus = gpusInGuest(plan, guest);
  const seen = assess(RUNNING_GUEST_CHECKS, { plan, driver: guest.driver, kernelLog: guest.kernelLog, gpus });
  const driver = guest.driver && { ...guest.driver, gpus };
  return { plan, comparisons, via, driver, findings: [...differenceFindings(comparisons, name), ...seen] };
}

async function askGuest(
  found: KnownGuest,
  { via, signal, progress }: VerifyOptions,
): Promise<{ via: Via; guest: GuestFacts }> {
  if (via === 'console') return { via, guest: readConsole(found, null) };
  try {
    return { via: 'agent', guest: await askAgent(found, signal) };
  } catch (error) {
    if (via === 'agent' || !(error instanceof GhpassError) || !error.code.startsWith('agent.')) throw error;
    const guest = readConsole(found, error);
    progress(`${error.message}: what is on the console is taken`);
    return { via: 'console', guest };
  }
}

/** @param agent why the agent could not be asked; null where that was not wanted. */
function readConsole(found: KnownGuest, agent: GhpassError | null): GuestFacts {
  const path = consoleLogOf(found, agent);
  const console = readConsoleLog(path);
  const guest = findGuestReport(console);
  if (guest === null) throw noReport(found.name, path, agent);
  return { ...guest, kernelLog: guest.kernelLog ?? lastBootOf(console) };
}

/** Firmware starts a kernel, which begins with this line (arch/arm64/kernel/setup.c). */
function lastBootOf(console: string): string {
  return console.slice(Math.max(0, console.lastIndexOf('Booting Linux on physical CPU')));
}

function consoleLogOf(guest: KnownGuest, agent: GhpassError | null): string {
  if (guest.backend === 'qemu') return guest.files.consoleLog;
  if (guest.consoleLog !== null) return guest.consoleLog;
  throw noLog(guest.name, agent);
}

function noLog(name: string, agent: GhpassError | null): GhpassError {
  return new GhpassError('usage', {
    code: 'guest.no-console-log',
    message: `${name} keeps nothing of what its guest writes to its console: serial/log is missing${because(agent)}`,
    suggestions: [
      ...(agent?.suggestions ?? []),
      `virsh edit ${shellWord(name)}   # <log file='/var/log/libvirt/qemu/${name}.console.log'/> in <serial>`,
    ],
  });
}

function noReport(name: string, consoleLog: string, agent: GhpassError | null): GhpassError {
  return new GhpassError('tool', {
    code: 'guest.no-report',
    message: `${name} has not reported on its console (${consoleLog})${because(agent)}`,
    suggestions: [
      `tail ${shellWord(consoleLog)}   # whether it has booted`,
      ...(agent?.suggestions ?? []),
      'boot the initramfs of the smoke guest: ghpass smoke',
    ],
  });
}

function because(agent: GhpassError | null): string {
  return agent === null ? '' : `, and its agent could not be asked: ${agent.message}`;
}
