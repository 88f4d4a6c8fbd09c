import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import type { DomainState, Virsh } from '../../libvirt/virsh.ts';
import { Qmp } from '../../qemu/qmp.ts';
import type { FoundJournal } from '../journal/found-journal.ts';
import { isAlive, type ProcessIdentity } from '../journal/process-identity.ts';
import { guestFiles } from './launch.ts';

/**
 * What a guest does. `gone`: it ran, and ended without ghpass, by itself or with the host; its GPUs are still as they were bound
 * for it. `busy`: a ghpass is at work on it. `half-done`: one was killed there.
 */
export type GuestState =
  | 'running'
  | 'paused'
  | 'suspended'
  | 'ending'
  | 'panicked'
  | 'failed'
  | 'off'
  | 'gone'
  | 'busy'
  | 'half-done'
  | 'unknown';

export interface SeenState {
  state: GuestState;
  /** What is to be said of it; null where the word says all. */
  why: string | null;
}

/** How long a QEMU that is not busy takes to answer, with much to spare. */
const ANSWER_MS = 3_000;

/** RunState of qapi/run-state.json (QEMU 11.1); what is not named here is a guest that was stopped for a while. */
const RUN_STATES: Readonly<Record<string, GuestState>> = {
  running: 'running',
  shutdown: 'ending',
  suspended: 'suspended',
  'guest-panicked': 'panicked',
  'internal-error': 'failed',
  'io-error': 'failed',
};

const DOMAIN_STATES: Readonly<Record<DomainState, GuestState>> = {
  'no state': 'unknown',
  running: 'running',
  idle: 'running',
  paused: 'paused',
  'in shutdown': 'ending',
  'shut off': 'off',
  crashed: 'panicked',
  pmsuspended: 'suspended',
};

/** States in which a guest has a process. */
export function isThere(state: GuestState): boolean {
  return ['running', 'paused', 'suspended', 'ending', 'panicked', 'failed', 'unknown'].includes(state);
}

/** The process that a guest was started as; null where none was written down. */
export function processOf(running: FoundJournal | null): ProcessIdentity | null {
  const change = running?.changes.findLast(({ kind }) => kind === 'process');
  return change?.kind === 'process' ? change : null;
}

/** @param running its journal; null where it has none. @param runtime directory of all guests that run. */
export async function stateOfProcess(name: string, running: FoundJournal | null, runtime: string): Promise<SeenState> {
  const told = stateOfJournal(running);
  if (running === null || told !== null) return told ?? { state: 'off', why: null };
  const process = processOf(running);
  const directory = join(runtime, name);
  if (!process || !isAlive(process.pid, process.startTime)) {
    const why = existsSync(directory) ? 'its QEMU has ended' : 'its QEMU has ended with the host';
    return { state: 'gone', why };
  }
  const status = await askStatus(guestFiles(directory).qmpSocket);
  if (status === null) return { state: 'unknown', why: `its QEMU, process ${process.pid}, does not answer` };
  const state = RUN_STATES[status] ?? 'paused';
  return { state, why: state === status ? null : `QEMU: ${status}` };
}

/** @param uuid of the domain. @throws GhpassError those of `Virsh`. */
export async function stateOfDomain(virsh: Virsh, uuid: string, running: FoundJournal | null): Promise<SeenState> {
  const told = stateOfJournal(running);
  if (told) return told;
  const found = (await virsh.list()).find((domain) => domain.uuid === uuid);
  if (!found) return { state: 'gone', why: `no domain at ${virsh.uri} has its UUID ${uuid}` };
  return { state: DOMAIN_STATES[await virsh.state(found.name)], why: null };
}

function stateOfJournal(running: FoundJournal | null): SeenState | null {
  if (running === null || running.kept) return null;
  const { command, ownerPid, ownerAlive } = running;
  if (ownerAlive) return { state: 'busy', why: `${command} (process ${ownerPid}) is at work on it` };
  return { state: 'half-done', why: `${command} (process ${ownerPid}) was killed` };
}

/** @returns null where QEMU does not answer. */
async function askStatus(socket: string): Promise<string | null> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const qmp = await Qmp.open(socket, signal);
    try {
      const { status } = (await qmp.until(signal, () => qmp.execute('query-status'))) as { status?: string };
      return status ?? null;
    } finally {
      qmp.close();
    }
  } catch (error) {
    if (error instanceof GhpassError || (error as NodeJS.ErrnoException).code || signal.aborted) return null;
    throw error;
  }
}
