import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { type Change, type JournalLine, JournalLineError, parseJournal } from '../../host/journal-lines.ts';
import { busy, draftOf, unwritable } from './lock.ts';
import { isAlive, markedEnvironment, ownStartTime } from './process-identity.ts';

export type { Change } from '../../host/journal-lines.ts';

/**
 * What a command changes on the host, written down *before* each change: a file of one JSON line each, flushed to the disk.
 * The file's name is the subject (a GPU, a guest). Whoever writes holds the subject's lock.
 */
export class Journal {
  private constructor(
    readonly subject: string,
    private readonly path: string,
    private readonly file: number,
    private readonly mark: string,
  ) {}

  /**
   * @param partOf subject of the journal whose end decides about this one, too.
   * @throws GhpassError `journal.busy` where another ghpass works on the subject, `journal.open` where one left its work
   * undone, `journal.kept` where the subject is already in ghpass's hands, `journal.unwritable`.
   */
  static open(directory: string, subject: string, command: string, partOf: string | null = null): Journal {
    const path = join(directory, `${subject}.jsonl`);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return Journal.create(subject, path, command, partOf);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code;
      if (errno === 'EEXIST' && existsSync(path)) throw taken(readJournal(path));
      throw unwritable(path, error);
    }
  }

  /** The link makes it appear with its owner in it, or not at all. */
  private static create(subject: string, path: string, command: string, partOf: string | null): Journal {
    const draft = draftOf(path);
    const journal = new Journal(subject, path, openSync(draft, 'w', 0o600), randomUUID());
    try {
      journal.begin(command, partOf);
      linkSync(draft, path);
      return journal;
    } catch (error) {
      closeSync(journal.file);
      throw error;
    } finally {
      rmSync(draft);
    }
  }

  /**
   * Takes over a journal whose owner is gone, to undo what is in it. What was kept is no longer: if this process is killed
   * in the middle, `recover` goes on.
   * @param partOf as in {@link open}.
   */
  static resume({ subject, path }: FoundJournal, command: string, partOf: string | null = null): Journal {
    const text = readFileSync(path);
    truncateSync(path, text.lastIndexOf('\n') + 1);
    const journal = new Journal(subject, path, openSync(path, 'a'), randomUUID());
    journal.begin(command, partOf);
    return journal;
  }

  /** Environment of the tools that make the changes: `recover` finds those that outlive their ghpass. */
  get environment(): Record<string, string> {
    return markedEnvironment(this.mark);
  }

  /** To be called before the change is made. */
  record(change: Change): void {
    this.write(change);
  }

  /** The changes are to stay after this process: a binding, a running guest. */
  keep(): void {
    this.write({ kind: 'kept' });
    closeSync(this.file);
  }

  /** All changes are undone. */
  close(): void {
    closeSync(this.file);
    rmSync(this.path);
  }

  /** Not everything could be undone: the file stays as it is, for `ghpass recover`. */
  leaveOpen(): void {
    closeSync(this.file);
  }

  changes(): Change[] {
    return readJournal(this.path).changes;
  }

  /** Marks of those who worked on the subject before. */
  earlierMarks(): string[] {
    return readJournal(this.path).marks.filter((mark) => mark !== this.mark);
  }

  private begin(command: string, partOf: string | null): void {
    const startTime = ownStartTime();
    this.write({ kind: 'owner', pid: process.pid, startTime, command, mark: this.mark, partOf });
  }

  private write(line: JournalLine): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.file);
  }
}

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

/** @throws GhpassError `journal.broken` where a line other than the last one cannot be read. */
function readJournal(path: string): FoundJournal {
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

function taken({ subject, command, ownerPid, ownerAlive, kept, partOf }: FoundJournal): GhpassError {
  if (kept) {
    const guest = nameOfGuest(subject);
    if (guest !== null) return guestExists(guest);
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

function guestExists(name: string): GhpassError {
  return new GhpassError('check', {
    code: 'guest.exists',
    message: `there is a guest named ${name} already`,
    suggestions: ['choose another name', `ghpass status ${name}`, `ghpass delete ${name}`],
  });
}

/** Names of the guests that have journals. */
export function guestNames(directory: string): string[] {
  return findJournals(directory).flatMap(({ subject }) => nameOfGuest(subject) ?? []);
}

/** @returns null for the subject of a device or of somebody else's domain. */
function nameOfGuest(subject: string): string | null {
  return /^(?:guest|definition)-(.*)/.exec(subject)?.[1] ?? null;
}

/** Subject of the journal of a guest that runs; no PCI address looks like it. */
export function guestJournal(name: string): string {
  return `guest-${name}`;
}

/** Subject of the journal of what stays of a guest when it ends. */
export function definitionJournal(name: string): string {
  return `definition-${name}`;
}
