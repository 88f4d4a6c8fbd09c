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
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../errors.ts';
import { isAlive, ownStartTime } from './process-identity.ts';

/** One change to the host, with what was there before: enough to undo it. */
export type Change =
  | { kind: 'module'; name: string }
  | { kind: 'driver-override'; address: string; before: string | null }
  | { kind: 'driver'; address: string; before: string | null }
  | { kind: 'directory'; path: string }
  | { kind: 'process'; pid: number; startTime: string };

type Line = { kind: 'owner'; pid: number; startTime: string; command: string } | { kind: 'kept' } | Change;

/**
 * What a command changes on the host, written down *before* each change: a file of one JSON line each, flushed to the disk.
 * The file's name is the subject (a GPU, a guest), so that two commands cannot work on one subject at once.
 */
export class Journal {
  private constructor(
    readonly subject: string,
    private readonly path: string,
    private readonly file: number,
  ) {}

  /**
   * @throws GhpassError `journal.busy` where another ghpass works on the subject, `journal.open` where one left its work
   * undone, `journal.kept` where the subject is already in ghpass's hands, `journal.unwritable`.
   */
  static open(directory: string, subject: string, command: string): Journal {
    const path = join(directory, `${subject}.jsonl`);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      return Journal.create(subject, path, command);
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code;
      if (errno === 'EEXIST' && existsSync(path)) throw taken(readJournal(path));
      throw new GhpassError('permission', {
        code: 'journal.unwritable',
        message: `${path}: ${errno}; what is not written down is not changed`,
        suggestions: ['run ghpass as root'],
        cause: error,
      });
    }
  }

  /** The link is the lock: it appears with its owner in it, and for one command only. */
  private static create(subject: string, path: string, command: string): Journal {
    const draft = `${path}.${process.pid}`;
    const journal = new Journal(subject, path, openSync(draft, 'w', 0o600));
    try {
      journal.write({ kind: 'owner', pid: process.pid, startTime: ownStartTime(), command });
      linkSync(draft, path);
      return journal;
    } catch (error) {
      closeSync(journal.file);
      throw error;
    } finally {
      rmSync(draft);
    }
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

  changes(): Change[] {
    return readJournal(this.path).changes;
  }

  private write(line: Line): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.file);
  }
}

/** A journal that was found on the disk. */
export interface FoundJournal {
  subject: string;
  path: string;
  command: string;
  ownerPid: number;
  ownerAlive: boolean;
  kept: boolean;
  changes: Change[];
}

/** All journals that commands have left, finished or not. */
export function findJournals(directory: string): FoundJournal[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => readJournal(join(directory, name)));
}

/**
 * A last line that was cut short by a crash belongs to a change that was not made yet.
 * @throws GhpassError `journal.broken` where another line cannot be read.
 */
function readJournal(path: string): FoundJournal {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line, i) => parseLine(line, path, i + 1));
  const owner = lines.find((line) => line.kind === 'owner');
  return {
    subject: path.slice(path.lastIndexOf('/') + 1, -'.jsonl'.length),
    path,
    command: owner?.command ?? 'ghpass',
    ownerPid: owner?.pid ?? 0,
    ownerAlive: owner !== undefined && isAlive(owner.pid, owner.startTime),
    kept: lines.some(({ kind }) => kind === 'kept'),
    changes: lines.filter((line): line is Change => line.kind !== 'owner' && line.kind !== 'kept'),
  };
}

function parseLine(text: string, path: string, number: number): Line {
  try {
    return JSON.parse(text) as Line;
  } catch (error) {
    throw new GhpassError('check', {
      code: 'journal.broken',
      message: `${path}: line ${number} is no JSON, so what was changed on this host is not known`,
      suggestions: [`cat ${path}`, `rm ${path}   # once the host is as it should be`],
      cause: error,
    });
  }
}

function taken({ subject, command, ownerPid, ownerAlive, kept }: FoundJournal): GhpassError {
  if (kept) {
    const [, guest] = /^guest-(.*)/.exec(subject) ?? [];
    return new GhpassError('check', {
      code: 'journal.kept',
      message: `${subject} is already in the hands of ghpass (${command})`,
      suggestions: [guest === undefined ? `ghpass release ${subject}` : `ghpass delete ${guest} --yes`],
    });
  }
  if (ownerAlive) {
    return new GhpassError('check', {
      code: 'journal.busy',
      message: `${command} (process ${ownerPid}) is working on ${subject}`,
      suggestions: ['wait until it has ended'],
    });
  }
  return new GhpassError('check', {
    code: 'journal.open',
    message: `${command} (process ${ownerPid}) ended without putting ${subject} back`,
    suggestions: ['ghpass recover'],
  });
}

/** Subject of a guest's journal; no PCI address looks like it. */
export function guestJournal(name: string): string {
  return `guest-${name}`;
}
