import { GhpassError } from '../../errors.ts';
import { isPciAddress } from '../../host/pci/pci-address.ts';
import { type HoldOptions, undoLocked } from '../gpus/hold.ts';
import { type FoundJournal, findJournal, findJournals, RECOVER } from '../journal/found-journal.ts';
import { isLeft, isLeftAlone, isPartOfKept, keepPart } from '../journal/journal-parts.ts';
import { sweep, whileLocked } from '../journal/lock.ts';
import { definitionJournal, guestJournal } from '../journal/subjects.ts';
import { both } from '../undo/put-back.ts';
import { endGuest, journalsOf, whileGuestLocked } from './end-guest.ts';

/** What `recover` did about one journal. */
export interface Recovered {
  journal: FoundJournal;
  /** The command had come to its end but for writing that down here, too: a guest is there, and this is part of it. */
  kept: boolean;
}

/**
 * Undoes what commands left that were killed. What is meant to stay, and what another ghpass is working on, stays.
 * @throws GhpassError where something could not be undone, after everything else was.
 */
export async function recover(options: HoldOptions): Promise<Recovered[]> {
  const { journals } = options;
  const results: Recovered[] = [];
  let failed: GhpassError | null = null;
  for (const subject of inOrder(findJournals(journals))) {
    // What came before it may have decided about this one, or another ghpass meanwhile.
    const journal = findJournal(journals, subject);
    if (!journal) continue;
    try {
      const kept = isPartOfKept(journal, journals);
      if (kept) {
        await whileLocked(journals, [subject], RECOVER, async () => keepPart(journal));
        results.push({ journal, kept });
      } else if (isLeft(journal) || isLeftAlone(journal, journals)) {
        results.push(...(await undoWhole(journal, options)).map((undone) => ({ journal: undone, kept })));
      }
    } catch (error) {
      if (!(error instanceof GhpassError)) throw error;
      failed = both(failed, error);
    }
  }
  sweep(journals);
  if (failed) throw failed;
  return results;
}

/**
 * What stays of a guest goes with the guest: a `delete` may have been killed before it came to what runs.
 * @returns all that was undone.
 */
async function undoWhole(journal: FoundJournal, options: HoldOptions): Promise<FoundJournal[]> {
  const { subject } = journal;
  const name = subject.startsWith(definitionJournal('')) ? subject.slice(definitionJournal('').length) : null;
  if (name === null) {
    await undoLocked(subject, RECOVER, options);
    return [journal];
  }
  const ending = { ...options, command: RECOVER };
  const { running, gpus } = journalsOf(options.journals, name);
  await whileGuestLocked(name, ending, () => endGuest(name, 'all', ending));
  return [journal, ...(running ? [running] : []), ...gpus];
}

/** Guests that run, then what stays of them, then GPUs: a driver does not let go of a device that a guest has open. */
function inOrder(journals: readonly FoundJournal[]): string[] {
  const rank = ({ subject }: FoundJournal) => {
    if (isPciAddress(subject)) return 2;
    return subject.startsWith(guestJournal('')) ? 0 : 1;
  };
  return journals.toSorted((a, b) => rank(a) - rank(b)).map(({ subject }) => subject);
}
