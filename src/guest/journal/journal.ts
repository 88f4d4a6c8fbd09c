import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Change, JournalLine } from '../../host/journal-lines.ts';
import { type FoundJournal, readJournal } from './found-journal.ts';
import { draftOf, unwritable } from './lock.ts';
import { markedEnvironment, ownStartTime } from './process-identity.ts';
import { taken } from './taken.ts';

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
