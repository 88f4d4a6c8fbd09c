import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { isNvgrace } from '../host/modules-alias.ts';
import { isPciAddress, requirePciAddress } from '../host/pci-address.ts';
import { collectGpus } from '../vfio/collect.ts';
import { bindToNvgrace } from './binding.ts';
import {
  type FoundJournal,
  findJournal,
  findJournals,
  guestJournal,
  Journal,
  RECOVER,
  refuseAbandoned,
} from './journal.ts';
import { busy, Lock, sweep, whileLocked } from './lock.ts';
import { both, putBack } from './put-back.ts';
import { requireFree, requireUnused } from './require-free.ts';

/** What became of one GPU. */
export interface HoldResult {
  address: string;
  changed: boolean;
}

export interface HoldOptions {
  /** Directory of the journals. */
  journals: string;
  progress(line: string): void;
}

/**
 * Binds GPUs to the variant driver until they are released. All of them are looked at before one is changed. Where one
 * fails, it is put back as it was; those before it stay.
 * @throws GhpassError of {@link requireFree}, {@link bindToNvgrace}, {@link Journal.open} and {@link Lock.take}.
 */
export function bindGpus(
  host: Host,
  addresses: readonly string[],
  options: HoldOptions & { waitMs: number },
): Promise<HoldResult[]> {
  const wanted = addresses.map(requirePciAddress);
  return whileLocked(options.journals, wanted, 'ghpass bind', async () => {
    const { gpus } = await collectGpus(host, wanted, { open: false });
    for (const { pci } of gpus) refuseAbandoned(options.journals, pci.address);
    const toBind = gpus.filter(({ pci }) => !isNvgrace(pci.driver));
    for (const gpu of toBind) await requireFree(host.files, gpu, { ...options, alsoBound: wanted });
    for (const { pci } of toBind) await bindOne(pci.address, options);
    return gpus.map((gpu) => ({ address: gpu.pci.address, changed: toBind.includes(gpu) }));
  });
}

async function bindOne(address: string, { journals, progress }: HoldOptions): Promise<void> {
  const journal = Journal.open(journals, address, 'ghpass bind');
  try {
    await bindToNvgrace(address, { journal, progress });
    journal.keep();
  } catch (error) {
    throw await putBack([journal], error, { progress });
  }
}

/**
 * Gives GPUs back as they were before `ghpass bind`. A GPU that ghpass does not hold is left alone.
 * @throws GhpassError `pci.address-invalid` before anything is changed, `journal.busy`, `vfio.busy` where a guest has it.
 */
export async function releaseGpus(addresses: readonly string[], options: HoldOptions): Promise<HoldResult[]> {
  const results: HoldResult[] = [];
  for (const address of new Set(addresses.map(requirePciAddress))) {
    const changed = await undoLocked(address, 'ghpass release', options);
    results.push({ address, changed });
  }
  return results;
}

/** What `recover` did about one journal. */
export interface Recovered {
  journal: FoundJournal;
  /** The command had come to its end but for writing that down here, too: a guest runs with the GPU. */
  kept: boolean;
}

/**
 * Undoes what commands left that were killed. What is meant to stay, and what another ghpass is working on, stays.
 * @throws GhpassError where something could not be undone, after everything else was.
 */
export async function recover(options: HoldOptions): Promise<Recovered[]> {
  const abandoned = findJournals(options.journals).filter(({ kept, ownerAlive }) => !kept && !ownerAlive);
  /** Guests before GPUs: a driver does not let go of a device that a guest has open. */
  const left = [...abandoned.filter(isGuest), ...abandoned.filter((journal) => !isGuest(journal))];
  const results: Recovered[] = [];
  let failed: GhpassError | null = null;
  for (const journal of left) {
    try {
      const kept = isPartOfKept(journal, options.journals);
      if (kept) await keepLocked(journal, options.journals);
      else await undoLocked(journal.subject, RECOVER, options);
      results.push({ journal, kept });
    } catch (error) {
      if (!(error instanceof GhpassError)) throw error;
      failed = both(failed, error);
    }
  }
  sweep(options.journals);
  if (failed) throw failed;
  return results;
}

/** A journal of a guest or of a domain, and not of a device. */
function isGuest({ subject }: FoundJournal): boolean {
  return !isPciAddress(subject);
}

/**
 * `create-vm` has done its work with one line in the guest's journal; those of its GPUs follow. Where it was killed in
 * between, the guest runs with them.
 */
function isPartOfKept({ partOf, ownerPid, ownerStartTime }: FoundJournal, journals: string): boolean {
  const whole = partOf === null ? null : findJournal(journals, partOf);
  return whole?.kept === true && whole.ownerPid === ownerPid && whole.ownerStartTime === ownerStartTime;
}

function keepLocked(journal: FoundJournal, journals: string): Promise<void> {
  return whileLocked(journals, [journal.subject], RECOVER, async () => Journal.resume(journal, journal.command).keep());
}

/**
 * Ends a guest of `ghpass create-vm` and removes what was made for it; disks stay.
 * @throws GhpassError `guest.unknown`.
 */
export async function deleteGuest(name: string, options: HoldOptions): Promise<void> {
  if (await undoLocked(guestJournal(name), 'ghpass delete', options)) return;
  throw new GhpassError('usage', { code: 'guest.unknown', message: `ghpass knows no guest named ${name}` });
}

/**
 * Undoes what the journal of a subject has, whoever wrote it.
 * @returns whether there was a journal.
 * @throws GhpassError `journal.busy` where its owner is at work.
 */
function undoLocked(subject: string, command: string, { journals, progress }: HoldOptions): Promise<boolean> {
  if (!findJournal(journals, subject)) return Promise.resolve(false);
  return whileLocked(journals, [subject], command, async () => {
    const found = findJournal(journals, subject);
    if (!found) return false;
    if (found.ownerAlive && !found.kept) throw busy(subject, found.command, found.ownerPid);
    if (!isGuest(found)) requireUnused(subject);
    const failed = await putBack([Journal.resume(found, command)], null, { progress });
    if (failed) throw failed;
    return true;
  });
}
