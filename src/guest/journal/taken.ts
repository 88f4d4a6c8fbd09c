import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { type FoundJournal, findJournal } from './found-journal.ts';
import { busy } from './lock.ts';
import { nameOfGuest } from './subjects.ts';

/**
 * Refuses a subject that a killed command has left half done.
 * @throws GhpassError `journal.open`, `journal.busy`.
 */
export function refuseAbandoned(directory: string, subject: string): void {
  const found = findJournal(directory, subject);
  if (found && !found.kept) throw taken(found);
}

/**
 * Refuses a subject that has a journal.
 * @throws GhpassError as {@link Journal.open}.
 */
export function refuseTaken(directory: string, subject: string): void {
  const found = findJournal(directory, subject);
  if (found) throw taken(found);
}

export function taken({ subject, path, command, ownerPid, ownerAlive, kept, partOf }: FoundJournal): GhpassError {
  if (kept) {
    const guest = nameOfGuest(subject);
    if (guest !== null) return guestExists(guest, path);
    const holder = nameOfGuest(partOf ?? '');
    return new GhpassError('check', {
      code: 'journal.kept',
      message: `${subject} is already in the hands of ghpass (${command}${holder === null ? '' : ` ${holder}`})`,
      suggestions: [holder === null ? `ghpass release ${subject}` : `ghpass stop ${holder}`],
    });
  }
  if (ownerAlive) return busy(subject, command, ownerPid);
  return new GhpassError('check', {
    code: 'journal.open',
    message: `${command} (process ${ownerPid}) ended without putting ${subject} back`,
    suggestions: ['ghpass recover'],
  });
}

/** @param path of what is there of it. */
export function guestExists(name: string, path: string): GhpassError {
  return new GhpassError('check', {
    code: 'guest.exists',
    message: `there is a guest named ${name} already: ${path}`,
    suggestions: ['choose another name', `ghpass status ${shellWord(name)}`, `ghpass delete ${shellWord(name)}`],
  });
}
