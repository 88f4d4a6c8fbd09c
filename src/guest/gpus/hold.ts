import type { Host } from '../../host/host.ts';
import { isNvgrace } from '../../host/pci/modules-alias.ts';
import { isPciAddress, requirePciAddress } from '../../host/pci/pci-address.ts';
import { collectGpus } from '../../vfio/collect.ts';
import { bindToNvgrace } from '../binding/binding.ts';
import { requireFree, requireUnused } from '../binding/require-free.ts';
import { findJournal } from '../journal/found-journal.ts';
import { Journal } from '../journal/journal.ts';
import { busy, Lock, whileLocked } from '../journal/lock.ts';
import { refuseAbandoned } from '../journal/taken.ts';
import { putBack } from '../undo/put-back.ts';

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

/**
 * Undoes what the journal of a subject has, whoever wrote it.
 * @returns whether there was a journal.
 * @throws GhpassError `journal.busy` where its owner is at work.
 */
export function undoLocked(subject: string, command: string, { journals, progress }: HoldOptions): Promise<boolean> {
  if (!findJournal(journals, subject)) return Promise.resolve(false);
  return whileLocked(journals, [subject], command, async () => {
    const found = findJournal(journals, subject);
    if (!found) return false;
    if (found.ownerAlive && !found.kept) throw busy(subject, found.command, found.ownerPid);
    if (isPciAddress(subject)) requireUnused(subject);
    const failed = await putBack([Journal.resume(found, command)], null, { progress });
    if (failed) throw failed;
    return true;
  });
}
