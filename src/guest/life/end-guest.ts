import { isPciAddress } from '../../host/pci/pci-address.ts';
import { type FoundJournal, findJournal, findJournals } from '../journal/found-journal.ts';
import { Journal } from '../journal/journal.ts';
import { isPartOfKept, keepPart } from '../journal/journal-parts.ts';
import { busy, sweep, whileLocked } from '../journal/lock.ts';
import { definitionJournal, guestJournal } from '../journal/subjects.ts';
import { putBack } from '../undo/put-back.ts';

/** What ghpass has written down of one guest. */
export interface FoundGuest {
  /** Null where the guest is off. */
  running: FoundJournal | null;
  /** Null where what stays of it was not made, or is gone. */
  lasting: FoundJournal | null;
  /** Of GPUs that are bound for it as long as it runs. */
  gpus: FoundJournal[];
}

export interface EndOptions {
  /** Directory of the journals. */
  journals: string;
  /** Who asks, for the journals. */
  command: string;
  progress(line: string): void;
}

/** The journals of one guest. @throws GhpassError `journal.broken`. */
export function journalsOf(journals: string, name: string): FoundGuest {
  return {
    running: findJournal(journals, guestJournal(name)),
    lasting: findJournal(journals, definitionJournal(name)),
    gpus: findJournals(journals).filter(
      ({ subject, partOf }) => partOf === guestJournal(name) && isPciAddress(subject),
    ),
  };
}

/**
 * Does something with a guest while nobody else does, after what a killed command did not come to write down of it: whoever ended
 * the guest would else leave parts that nothing speaks for.
 * @throws GhpassError `journal.busy`.
 */
export function whileGuestLocked<T>(
  name: string,
  { journals, command }: EndOptions,
  action: () => Promise<T>,
): Promise<T> {
  const gpus = journalsOf(journals, name).gpus.map(({ subject }) => subject);
  return whileLocked(journals, [guestJournal(name), definitionJournal(name), ...gpus], command, () => {
    sweep(journals);
    for (const journal of partsOf(journalsOf(journals, name))) if (isPartOfKept(journal, journals)) keepPart(journal);
    return action();
  });
}

/**
 * Ends what runs of a guest, at once, and gives back the GPUs that were bound for it; whoever calls has the locks.
 * All of its journals are taken over before anything is undone, so `recover` goes on after a kill.
 * @param what `all`: what stays of it goes, too.
 * @throws GhpassError of what could not be undone, after everything else was.
 */
export async function endGuest(name: string, what: 'running' | 'all', options: EndOptions): Promise<void> {
  const { running, lasting, gpus } = journalsOf(options.journals, name);
  const ended = what === 'all' ? lasting : null;
  // In this order `recover` finds what was begun: what goes for good takes along what runs, and that its GPUs.
  const found = [ended, running, ...gpus].filter((journal) => journal !== null);
  for (const { subject, kept, ownerAlive, command, ownerPid } of found) {
    if (ownerAlive && !kept) throw busy(subject, command, ownerPid);
  }
  const taken = found.map((journal) => Journal.resume(journal, options.command));
  const isRunning = ({ subject }: Journal) => subject === running?.subject;
  const failed = await putBack([...taken.filter(isRunning), ...taken.filter((one) => !isRunning(one))], null, options);
  if (failed) throw failed;
}

function partsOf({ lasting, gpus }: FoundGuest): FoundJournal[] {
  return lasting === null ? gpus : [lasting, ...gpus];
}
