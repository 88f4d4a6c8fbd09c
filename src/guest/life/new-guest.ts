import { Journal } from '../journal/journal.ts';
import { whileLocked } from '../journal/lock.ts';
import { definitionJournal, guestJournal } from '../journal/subjects.ts';
import { refuseTaken } from '../journal/taken.ts';
import { putBack } from '../undo/put-back.ts';

/** The journals of a guest: each thing that is made is written down in one of them. */
export interface GuestJournals {
  /** What goes when the guest ends. */
  running: Journal;
  /** What stays until it is deleted; part of the other one until that is kept. */
  lasting: Journal;
}

interface NewGuestOptions {
  directories: { journal: string };
  progress(line: string): void;
}

/**
 * Refuses a name that a guest of ghpass has.
 * @throws GhpassError `guest.exists`, `journal.busy`, `journal.open`.
 */
export function requireNewGuest(name: string, { directories }: Pick<NewGuestOptions, 'directories'>): void {
  for (const subject of [definitionJournal(name), guestJournal(name)]) refuseTaken(directories.journal, subject);
}

/**
 * Makes a guest that stays. After a failure nothing of it is there.
 * @throws GhpassError as {@link requireNewGuest}, and what `make` throws.
 */
export function makeGuest<T>(
  name: string,
  command: string,
  options: NewGuestOptions,
  make: (journals: GuestJournals) => Promise<T>,
): Promise<T> {
  const { journal: directory } = options.directories;
  return whileLocked(directory, [guestJournal(name), definitionJournal(name)], command, async () => {
    requireNewGuest(name, options);
    const running = Journal.open(directory, guestJournal(name), command);
    const journals = [running];
    try {
      const lasting = Journal.open(directory, definitionJournal(name), command, guestJournal(name));
      journals.push(lasting);
      const made = await make({ running, lasting });
      for (const journal of journals) journal.keep();
      return made;
    } catch (error) {
      throw await putBack(journals, error, options);
    }
  });
}
