import { rmSync } from 'node:fs';
import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { NVGRACE_DRIVER } from '../host/modules-alias.ts';
import { requirePciAddress } from '../host/pci-address.ts';
import { collectGpus } from '../vfio/collect.ts';
import { bindToNvgrace } from './binding.ts';
import { type FoundJournal, findJournals, guestJournal, Journal } from './journal.ts';
import { undo } from './undo.ts';

/** What became of one GPU. */
export interface HoldResult {
  address: string;
  changed: boolean;
}

/**
 * Binds GPUs to the variant driver until they are released. Where one fails, it is put back as it was; those before it stay.
 * @throws GhpassError of {@link bindToNvgrace} and {@link Journal.open}.
 */
export async function bindGpus(host: Host, addresses: readonly string[], journals: string): Promise<HoldResult[]> {
  const { gpus } = await collectGpus(host, addresses, { open: false });
  const results: HoldResult[] = [];
  for (const { pci } of gpus) {
    const changed = pci.driver !== NVGRACE_DRIVER;
    if (changed) await bindOne(pci.address, journals);
    results.push({ address: pci.address, changed });
  }
  return results;
}

async function bindOne(address: string, journals: string): Promise<void> {
  const journal = Journal.open(journals, address, 'ghpass bind');
  try {
    await bindToNvgrace(address, journal);
    journal.keep();
  } catch (error) {
    await undo(journal.changes());
    journal.close();
    throw error;
  }
}

/**
 * Gives GPUs back as they were before `ghpass bind`. A GPU that ghpass does not hold is left alone.
 * @throws GhpassError `pci.address-invalid` before anything is changed, `journal.busy`.
 */
export async function releaseGpus(addresses: readonly string[], journals: string): Promise<HoldResult[]> {
  const found = findJournals(journals);
  const results: HoldResult[] = [];
  for (const address of new Set(addresses.map(requirePciAddress))) {
    const journal = found.find(({ subject }) => subject === address);
    if (journal) await undoFound(journal);
    results.push({ address, changed: journal !== undefined });
  }
  return results;
}

/** Undoes what commands left that were killed. What is meant to stay, and what another ghpass is working on, stays. */
export async function recover(journals: string): Promise<FoundJournal[]> {
  const abandoned = findJournals(journals).filter(({ kept, ownerAlive }) => !kept && !ownerAlive);
  /** Guests before GPUs: a driver does not let go of a device that a guest has open. */
  const left = [...abandoned.filter(isGuest), ...abandoned.filter((journal) => !isGuest(journal))];
  for (const journal of left) await undoFound(journal);
  return left;
}

function isGuest({ subject }: FoundJournal): boolean {
  return subject.startsWith(guestJournal(''));
}

/**
 * Ends a guest of `ghpass create-vm` and removes what was made for it; disks stay.
 * @throws GhpassError `guest.unknown`.
 */
export async function deleteGuest(name: string, journals: string): Promise<void> {
  const journal = findJournals(journals).find(({ subject }) => subject === guestJournal(name));
  if (!journal) {
    throw new GhpassError('usage', { code: 'guest.unknown', message: `ghpass knows no guest named ${name}` });
  }
  await undoFound(journal);
}

/** @throws GhpassError `journal.busy` where its owner is at work. */
async function undoFound(journal: FoundJournal): Promise<void> {
  if (journal.ownerAlive && !journal.kept) {
    throw new GhpassError('check', {
      code: 'journal.busy',
      message: `${journal.command} (process ${journal.ownerPid}) is working on ${journal.subject}`,
      suggestions: ['wait until it has ended'],
    });
  }
  await undo(journal.changes);
  rmSync(journal.path, { force: true });
}
