import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { boundDriver } from '../binding/binding.ts';
import { isAlive } from '../journal/process-identity.ts';
import { journalsOf } from './end-guest.ts';
import type { GuestEntry } from './guest-entry.ts';
import { type GuestState, isThere, processOf } from './guest-state.ts';
import { type KnownOptions, listGuests } from './known-guests.ts';

/** Everything that is to be said of one guest. */
export interface GuestStatus {
  guest: Omit<GuestEntry, 'gpus'>;
  /** Drivers that GPUs on this host are bound to now; null for none. */
  gpus: { address: string; driver: string | null }[];
  /** Null where the guest is no process of ghpass, or has none. */
  process: { pid: number; uptimeSeconds: number } | null;
  /** What is there of it: its definition and what else stays, then sockets and logs while it runs. */
  files: string[];
  journals: { subject: string; command: string; kept: boolean }[];
  /** Commands that somebody who asks may want next. */
  next: string[];
  findings: Finding[];
}

/**
 * @param connect URI of the libvirt that is asked for domains of somebody else.
 * @throws GhpassError `guest.unknown`.
 */
export async function guestStatus(name: string, connect: string, options: KnownOptions): Promise<GuestStatus> {
  const { guests, findings } = await listGuests(connect, options);
  const found = guests.find((entry) => entry.name === name);
  if (!found) throw unknown(name, connect, findings);
  const { runtime, journal, guests: definitions } = options.directories;
  const { running, lasting, gpus: bound } = journalsOf(journal, name);
  const { gpus, ...guest } = found;
  const process = guest.own ? processOf(running) : null;
  return {
    guest,
    gpus: gpus.map((address) => ({ address, driver: boundDriver(address) })),
    process:
      process && isAlive(process.pid, process.startTime)
        ? { pid: process.pid, uptimeSeconds: uptimeSeconds(process.startTime) }
        : null,
    files: guest.own ? [...filesIn(join(definitions, name)), ...filesIn(join(runtime, name))] : [],
    journals: [running, lasting, ...bound]
      .filter((one) => one !== null)
      .map(({ subject, command, kept }) => ({ subject, command, kept })),
    next: nextFor(found, running !== null || bound.length > 0),
    findings: findings.filter(({ subject }) => [name, guest.uri].includes(subject)),
  };
}

/** USER_HZ: clock ticks of /proc/PID/stat a second, 100 on every architecture that has coherent GPUs. */
const TICKS_PER_SECOND = 100;

function uptimeSeconds(startTime: string): number {
  const [uptime = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Math.max(0, Math.round(Number(uptime) - Number(startTime) / TICKS_PER_SECOND));
}

/** @param held something of its last run is still there. */
function nextFor({ name, own, uri, state }: GuestEntry, held: boolean): string[] {
  if (!own) {
    const virsh = (command: string) => `virsh --connect=${shellWord(uri ?? '')} ${command} ${shellWord(name)}`;
    return isThere(state) ? [virsh('shutdown')] : [`ghpass detach ${shellWord(name)}`, virsh('start')];
  }
  return NEXT[state]
    .map((command) => command.replace('NAME', name))
    .filter((command) => held || !command.includes('#'));
}

const OFF = ['ghpass stop NAME   # gives its GPUs back', 'ghpass start NAME', 'ghpass delete NAME'];
const STOP = ['ghpass attach NAME', 'ghpass stop NAME'];
const FORCE = ['ghpass attach NAME', 'ghpass stop NAME --force'];

const NEXT: Readonly<Record<GuestState, readonly string[]>> = {
  running: STOP,
  suspended: STOP,
  ending: STOP,
  paused: FORCE,
  panicked: FORCE,
  failed: FORCE,
  unknown: FORCE,
  off: OFF,
  gone: OFF,
  busy: [],
  'half-done': ['ghpass recover'],
};

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .sort()
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

function unknown(name: string, connect: string, findings: readonly Finding[]): GhpassError {
  const [silent] = findings.filter(({ id }) => id.startsWith('libvirt.'));
  return new GhpassError('usage', {
    code: 'guest.unknown',
    message: `ghpass made no guest named ${name}, and ${silent ? `libvirt does not say whether it gave a GPU to a domain of that name (${silent.message})` : `gave no GPU to a domain of that name at ${connect}`}`,
    suggestions: ['ghpass list'],
  });
}
