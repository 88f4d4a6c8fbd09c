import { isPciAddress } from '../../host/pci/pci-address.ts';
import { type FoundJournal, findJournal } from './found-journal.ts';
import { Journal } from './journal.ts';

/** Its command ended without saying that the changes are to stay, and without undoing them. */
export function isLeft({ kept, ownerAlive }: FoundJournal): boolean {
  return !kept && !ownerAlive;
}

/**
 * A GPU is bound for a guest as long as that runs: `stop` and `delete` end the guest's journal first. Where they were killed
 * then, nothing else speaks for the GPU's.
 */
export function isLeftAlone({ subject, kept, partOf }: FoundJournal, journals: string): boolean {
  return kept && partOf !== null && isPciAddress(subject) && findJournal(journals, partOf) === null;
}

/**
 * `create-vm` and `start` have done their work with one line in the guest's journal; those of its parts follow. Where they were
 * killed in between, the guest runs with them.
 */
export function isPartOfKept(journal: FoundJournal, journals: string): boolean {
  const { partOf, ownerPid, ownerStartTime } = journal;
  const whole = isLeft(journal) && partOf !== null ? findJournal(journals, partOf) : null;
  return whole?.kept === true && whole.ownerPid === ownerPid && whole.ownerStartTime === ownerStartTime;
}

/** Writes down what a killed command did not come to: whoever has the lock of the part may. */
export function keepPart(journal: FoundJournal): void {
  Journal.resume(journal, journal.command, journal.partOf).keep();
}
