import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { type Change, JournalLineError, parseJournal } from '../../host/journal-lines.ts';
import { isAlive } from './process-identity.ts';
import { nameOfGuest } from './subjects.ts';

/** The command that undoes what others left; where it fails, it is for the next one to do. */
export const RECOVER = 'ghpass recover';

/** A journal that was found on the disk. */
export interface FoundJournal {
  subject: string;
  path: string;
  /** Of the last owner. */
  command: string;
  /** The last one that was no `recover`: what it left is what is undone. */
  interrupted: string;
  ownerPid: number;
  ownerStartTime: string;
  ownerAlive: boolean;
  kept: boolean;
  partOf: string | null;
  marks: string[];
  changes: Change[];
}

/** All journals that commands have left, finished or not. */
export function findJournals(directory: string): FoundJournal[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => findJournal(directory, basename(name, '.jsonl')) ?? []);
}

/** The journal of one subject; null where there is none, or where its command has just come to its end. */
export function findJournal(directory: string, subject: string): FoundJournal | null {
  try {
    return readJournal(join(directory, `${subject}.jsonl`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Names of the guests that have journals. */
export function guestNames(directory: string): string[] {
  return findJournals(directory).flatMap(({ subject }) => nameOfGuest(subject) ?? []);
}

/** @throws GhpassError `journal.broken` where a line other than the last one cannot be read. */
export function readJournal(path: string): FoundJournal {
  const { owner, commands, kept, marks, changes } = parse(path);
  const command = owner?.command ?? 'ghpass';
  return {
    subject: basename(path, '.jsonl'),
    path,
    command,
    interrupted: commands.findLast((one) => one !== RECOVER) ?? command,
    ownerPid: owner?.pid ?? 0,
    ownerStartTime: owner?.startTime ?? '',
    ownerAlive: owner !== null && isAlive(owner.pid, owner.startTime),
    kept,
    partOf: owner?.partOf ?? null,
    marks,
    changes,
  };
}

function parse(path: string) {
  try {
    return parseJournal(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof JournalLineError)) throw error;
    throw new GhpassError('check', {
      code: 'journal.broken',
      message: `${path}: ${error.message}, so what was changed on this host is not known`,
      suggestions: [`cat ${path}`, `rm ${path}   # once the host is as it should be`],
      cause: error,
    });
  }
}
