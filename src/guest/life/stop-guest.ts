import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { Qmp } from '../../qemu/qmp.ts';
import type { GuestDefinition } from '../definition/definition-schema.ts';
import { type EndOptions, endGuest, journalsOf, whileGuestLocked } from './end-guest.ts';
import { type GuestState, isThere, stateOfProcess } from './guest-state.ts';
import { requireDefinition } from './known-guests.ts';
import { guestFiles } from './launch.ts';

export interface StopOptions extends EndOptions {
  /** Where each guest has its definition. */
  guests: string;
  /** Where guests are that run. */
  runtime: string;
  /** How long the guest may take to power off by itself; 0: it is not asked. */
  deadlineMs: number;
  /** Whether a guest that did not power off in time is to be ended all the same. */
  mayEnd(what: string): Promise<boolean>;
  signal: AbortSignal;
}

/** How a guest came to be off. */
export type Stopped = 'was-off' | 'was-gone' | 'powered-off' | 'ended';

/** A guest that one can ask to power off. */
interface Stoppable {
  state(): Promise<GuestState>;
  /** Asks the guest, and does not wait. */
  ask(): Promise<void>;
}

const POLL_MS = 250;
const REPORT_MS = 5_000;
/** A guest whose kernel is not up yet never hears of the button that was pressed. */
const ASK_AGAIN_MS = 15_000;
const ANSWER_MS = 5_000;

/** States in which QEMU runs no vCPU. */
const STANDING_STILL: readonly GuestState[] = ['paused', 'failed', 'panicked'];

/**
 * Asks a guest to power off, waits for it, and undoes what ran of it: its GPUs are given back where they were bound for it. What stays
 * of it is as it was.
 * @throws GhpassError `guest.unknown`, `guest.not-stopped` where it did not leave in time, `guest.paused`, `journal.busy`, and of what
 * could not be undone.
 */
export function stopGuest(name: string, options: StopOptions): Promise<Stopped> {
  return whileGuestLocked(name, options, async () => {
    const definition = requireDefinition(options.guests, name);
    const guest = await stoppable(name, definition, options);
    const before = await guest.state();
    const stopped = isThere(before) ? await powerOff(name, guest, before, options) : wasNotThere(before, name, options);
    await endGuest(name, 'running', options);
    if (stopped === 'ended' && definition.domain) await endDomainOf(name, definition.domain, options);
    return stopped;
  });
}

async function stoppable(name: string, { domain }: GuestDefinition, options: StopOptions): Promise<Stoppable> {
  const { running } = journalsOf(options.journals, name);
  if (domain === null) {
    const { qmpSocket } = guestFiles(join(options.runtime, name));
    return {
      state: async () => (await stateOfProcess(name, running, options.runtime)).state,
      ask: () => pressPowerButton(qmpSocket, options.signal),
    };
  }
  const { Virsh } = await import('../../libvirt/virsh.ts');
  const { stateOfDomain } = await import('./guest-state.ts');
  const virsh = new Virsh(domain.uri, { signal: options.signal });
  return {
    state: async () => (await stateOfDomain(virsh, domain.uuid, running)).state,
    ask: async () => virsh.shutdown(await virsh.nameOf(domain.uuid)),
  };
}

/** What is half done is undone, too: that is all that is left to do. */
function wasNotThere(state: GuestState, name: string, { journals }: StopOptions): Stopped {
  const { running, gpus } = journalsOf(journals, name);
  return state === 'off' && !running && gpus.length === 0 ? 'was-off' : 'was-gone';
}

async function powerOff(name: string, guest: Stoppable, before: GuestState, options: StopOptions): Promise<Stopped> {
  const { deadlineMs, progress, signal, mayEnd } = options;
  if (deadlineMs === 0) return 'ended';
  if (STANDING_STILL.includes(before)) throw standsStill(name, before);
  const seconds = Math.round(deadlineMs / 1000);
  progress(`asking ${name} to power off, at most ${seconds} s`);
  const start = Date.now();
  for (let asked = 0, told = REPORT_MS; ; ) {
    const elapsedMs = Date.now() - start;
    if (!isThere(await guest.state())) return 'powered-off';
    if (elapsedMs >= deadlineMs) break;
    if (elapsedMs >= asked) {
      asked += ASK_AGAIN_MS;
      await guest.ask().catch((error: unknown) => cannotAsk(error, progress));
    }
    if (elapsedMs >= told) {
      told += REPORT_MS;
      progress(`waiting for ${name} to power off: ${Math.round(elapsedMs / 1000)} s of at most ${seconds} s`);
    }
    await sleep(POLL_MS, null, { signal }).catch(() => signal.throwIfAborted());
  }
  if (await mayEnd(`${name} has not powered off after ${seconds} s, and would be ended as if its power were cut`))
    return 'ended';
  throw new GhpassError('timeout', {
    code: 'guest.not-stopped',
    message: `${name} was asked to power off, and is still there after ${seconds} s`,
    suggestions: [
      `ghpass stop ${name} --force   # cuts its power`,
      `ghpass stop ${name} --timeout ${seconds * 4}`,
      `ghpass attach ${name}   # what it says on its console`,
    ],
  });
}

/** A guest that has just left cannot be asked; one whose QEMU hangs is waited for all the same. */
function cannotAsk(error: unknown, progress: StopOptions['progress']): void {
  const isExpected =
    error instanceof GhpassError ? error.kind !== 'interrupted' : (error as NodeJS.ErrnoException).code;
  if (!isExpected) throw error;
  progress(`it cannot be asked: ${(error as Error).message}`);
}

async function pressPowerButton(socket: string, interrupted: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(ANSWER_MS)]);
  const qmp = await Qmp.open(socket, signal);
  try {
    await qmp.until(signal, () => qmp.execute('system_powerdown'));
  } finally {
    qmp.close();
  }
}

/** A domain that was started by virsh is in no journal. */
async function endDomainOf(
  name: string,
  { uri, uuid }: NonNullable<GuestDefinition['domain']>,
  { signal }: StopOptions,
): Promise<void> {
  const { endDomain } = await import('../domain/undo-domain.ts');
  signal.throwIfAborted();
  await endDomain({ kind: 'domain-run', uri, uuid, name }, { environment: {} });
}

function standsStill(name: string, state: GuestState): GhpassError {
  return new GhpassError('check', {
    code: 'guest.paused',
    message: `${name} is ${state}: its vCPUs stand still, and would not hear that it is to power off`,
    suggestions: [
      ...(state === 'panicked' ? [] : [`virsh resume ${shellWord(name)}   # where it is a domain`]),
      `ghpass stop ${shellWord(name)} --force   # cuts its power`,
    ],
  });
}
