import { join } from 'node:path';
import type { Finding } from '../../checks/check.ts';
import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { GuestDefinition } from '../definition/definition-schema.ts';
import { withBoundGpus } from '../gpus/with-bound-gpus.ts';
import { Journal } from '../journal/journal.ts';
import { whileLocked } from '../journal/lock.ts';
import { definitionJournal, guestJournal } from '../journal/subjects.ts';
import { refuseAbandoned } from '../journal/taken.ts';
import { putBack } from '../undo/put-back.ts';
import { endGuest, journalsOf, whileGuestLocked } from './end-guest.ts';
import { isThere, type SeenState } from './guest-state.ts';
import { requireDefinition, stateOfGuest } from './known-guests.ts';
import { prepareGuest, requireBound } from './prepare.ts';
import { requireReadableFiles } from './readable-files.ts';
import { type StartedGuest, startProcess } from './start-process.ts';

export interface StartOptions {
  directories: { runtime: string; journal: string; guests: string };
  /** Null: from the guest's memory. */
  deadlineMs: number | null;
  signal: AbortSignal;
  progress(line: string): void;
}

export interface StartResult {
  plan: GuestPlan;
  findings: Finding[];
  /** Null where a check failed, so that nothing was started. */
  guest: StartedGuest | { domain: { name: string; uuid: string; uri: string } } | null;
}

const COMMAND = 'ghpass start';

/**
 * Starts a guest again that is off: kernel, firmware and devices may have changed since, so they are asked and the guest is planned
 * anew. What is left of an earlier run that ended without ghpass is undone first.
 * @throws GhpassError `guest.unknown`, `guest.running`, `journal.open` where a `delete` was killed, and those of `create-vm`; then nothing runs, and the GPUs are given back.
 */
export async function startGuest(host: Host, name: string, options: StartOptions): Promise<StartResult> {
  const definition = requireDefinition(options.directories.guests, name);
  await undoEarlierRun(name, definition, options);
  return definition.domain === null
    ? startAsProcess(host, definition, options)
    : startAsDomain(host, definition, definition.domain, options);
}

async function undoEarlierRun(name: string, definition: GuestDefinition, options: StartOptions): Promise<void> {
  const { journal: journals } = options.directories;
  const ending = { journals, command: COMMAND, progress: options.progress };
  await whileGuestLocked(name, ending, async () => {
    refuseAbandoned(journals, definitionJournal(name));
    const seen = await stateOfGuest(name, definition, options);
    if (seen.state === 'busy' || isThere(seen.state)) throw running(name, seen);
    const { running: left, gpus } = journalsOf(journals, name);
    if (!left && gpus.length === 0) return;
    options.progress(
      `${name} ended without ghpass${seen.why === null ? '' : `: ${seen.why}`}; undoing what is left of it`,
    );
    await endGuest(name, 'running', ending);
  });
}

async function startAsProcess(
  host: Host,
  { request, gpus, bind }: GuestDefinition,
  options: StartOptions,
): Promise<StartResult> {
  requireReadableFiles(request.boot);
  const { guests } = options.directories;
  return whileReady(host, { name: request.name, gpus, bind, managed: false }, options, async (run) => {
    const prepared = await prepareGuest(host, gpus, request, { open: true });
    requireBound(prepared);
    const { plan, findings } = prepared;
    if (isStopped(findings)) return { plan, findings, guest: null };
    const lasting = join(guests, request.name);
    const started = await run((journal) =>
      startProcess(prepared, journal, { ...options, ...options.directories, lasting }),
    );
    return { plan, findings: [...findings, ...started.findings], guest: started.guest };
  });
}

async function startAsDomain(
  host: Host,
  { request, bind }: GuestDefinition,
  { uri, uuid, profile }: NonNullable<GuestDefinition['domain']>,
  options: StartOptions,
): Promise<StartResult> {
  const { Virsh } = await import('../../libvirt/virsh.ts');
  const { planDomain } = await import('../domain/plan-domain.ts');
  const { startDomain } = await import('../domain/create-domain.ts');
  const { readDomain } = await import('../../libvirt/read-domain.ts');
  const virsh = new Virsh(uri, { signal: options.signal });
  const name = await virsh.nameOf(uuid);
  const xml = await virsh.dumpXml(name, { inactive: true });
  // `attach` and `detach` may have given it other GPUs since.
  const { gpus, managed } = readDomain(xml);
  return whileReady(host, { name: request.name, gpus, bind, managed }, options, async (run) => {
    const { iommufd } = request;
    const asked = { connect: uri, profile, dryRun: false, open: true, managed: null, iommufd };
    const { plan, findings } = await planDomain(host, xml, (present) => [...present], asked);
    if (plan === null) throw noGpu(name, uri);
    if (!managed) requireBound({ findings });
    if (isStopped(findings)) return { plan, findings, guest: null };
    await run((journal) => startDomain(plan, { ...options, connect: uri, managed, uuid, journal }));
    return { plan, findings, guest: { domain: { name, uuid, uri } } };
  });
}

interface Ready {
  name: string;
  gpus: readonly string[];
  bind: boolean;
  managed: boolean;
}

type Run = <T>(start: (journal: Journal) => Promise<T>) => Promise<T>;

/** Does something while the GPUs are bound; what it runs has the guest's journal, and is undone where it fails. */
function whileReady<T>(
  host: Host,
  { name, gpus, ...how }: Ready,
  options: StartOptions,
  action: (run: Run) => Promise<T>,
): Promise<T> {
  const { directories, progress } = options;
  const binding = { ...how, addresses: gpus, guest: name, afterwards: 'keep', command: COMMAND } as const;
  const run: Run = (start) =>
    whileLocked(directories.journal, [guestJournal(name), definitionJournal(name)], COMMAND, async () => {
      const journal = Journal.open(directories.journal, guestJournal(name), COMMAND);
      try {
        const started = await start(journal);
        journal.keep();
        return started;
      } catch (error) {
        throw await putBack([journal], error, options);
      }
    });
  return withBoundGpus(host, { ...binding, directories, progress }, () => action(run));
}

function isStopped(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'fail');
}

function running(name: string, { state, why }: SeenState): GhpassError {
  return new GhpassError('check', {
    code: 'guest.running',
    message: `${name} cannot be started: it is ${state}${why === null ? '' : ` (${why})`}`,
    suggestions: [`ghpass status ${name}`, `ghpass stop ${name}`],
  });
}

function noGpu(name: string, uri: string): GhpassError {
  return new GhpassError('check', {
    code: 'domain.gpu-absent',
    message: `${name} at ${uri} has no GPU from ghpass any more`,
    suggestions: [`ghpass attach ${name} ADDRESS`, `virsh --connect=${shellWord(uri)} start ${name}`],
  });
}
