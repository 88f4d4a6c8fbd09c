import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GhpassError } from '../../errors.ts';
import { isAlive, ownStartTime, type ProcessIdentity } from './process-identity.ts';

export interface Holder extends ProcessIdentity {
  command: string;
}

interface FoundLock {
  subject: string;
  number: number;
  path: string;
  /** Null where the file went away while it was read. */
  holder: Holder | null;
}

/**
 * The right to work on one subject, a GPU or a guest. A lock is a file with its holder in it; the lock of a process that is
 * gone is none. Each attempt makes a file of a new number and never takes over an old one, so that two cannot both
 * believe that they were first: whoever sees another living holder beside its own file gives way.
 */
export class Lock {
  private constructor(private readonly path: string) {}

  /** @throws GhpassError `journal.busy` with the holder, `journal.unwritable`. */
  static take(directory: string, subject: string, command: string): Lock {
    refuseIfHeld(directory, subject, null);
    const path = makeFile(directory, subject, { pid: process.pid, startTime: ownStartTime(), command });
    try {
      refuseIfHeld(directory, subject, path);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    return new Lock(path);
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

/** Does something while nobody else works on the subjects. */
export async function whileLocked<T>(
  directory: string,
  subjects: readonly string[],
  command: string,
  action: () => Promise<T>,
): Promise<T> {
  const locks: Lock[] = [];
  try {
    for (const subject of new Set(subjects)) locks.push(Lock.take(directory, subject, command));
    return await action();
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** Removes the files of processes that are gone: locks, and what they had not yet given its name. */
export function sweep(directory: string): void {
  for (const { path, holder } of findLocks(directory)) {
    if (holder && !isAlive(holder.pid, holder.startTime)) rmSync(path, { force: true });
  }
  for (const name of namesIn(directory)) {
    const [, pid, startTime = ''] = DRAFT.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid), startTime)) rmSync(join(directory, name), { force: true });
  }
}

/** Path of a file that is not there yet as far as others are concerned; {@link sweep} knows whose it was. */
export function draftOf(path: string): string {
  return `${path}.${process.pid}-${ownStartTime()}.draft`;
}

const DRAFT = /\.(\d+)-(\d+)\.draft$/;
const LOCK = /^(.+)\.(\d+)\.lock$/;

/** The name appears together with its content, and for one process only. */
function makeFile(directory: string, subject: string, holder: Holder): string {
  const draft = draftOf(join(directory, subject));
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
    for (;;) {
      const taken = findLocks(directory).filter((lock) => lock.subject === subject);
      const path = join(directory, `${subject}.${Math.max(0, ...taken.map(({ number }) => number)) + 1}.lock`);
      if (link(draft, path)) return path;
    }
  } catch (error) {
    throw unwritable(join(directory, subject), error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @returns false where somebody was faster. */
function link(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who has the right to work on a subject; null where nobody has. */
export function holderOf(directory: string, subject: string): Holder | null {
  return otherHolder(directory, subject, null);
}

function refuseIfHeld(directory: string, subject: string, own: string | null): void {
  const holder = otherHolder(directory, subject, own);
  if (holder) throw busy(subject, holder.command, holder.pid);
}

function otherHolder(directory: string, subject: string, own: string | null): Holder | null {
  const held = findLocks(directory).find(
    ({ path, holder, ...lock }) =>
      lock.subject === subject && path !== own && holder !== null && isAlive(holder.pid, holder.startTime),
  );
  return held?.holder ?? null;
}

function findLocks(directory: string): FoundLock[] {
  return namesIn(directory).flatMap((name) => {
    const [, subject, number] = LOCK.exec(name) ?? [];
    if (subject === undefined) return [];
    const path = join(directory, name);
    return [{ subject, number: Number(number), path, holder: readHolder(path) }];
  });
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Another ghpass works on the subject. */
export function busy(subject: string, command: string, pid: number): GhpassError {
  return new GhpassError('check', {
    code: 'journal.busy',
    message: `${command} (process ${pid}) is working on ${subject}`,
    suggestions: ['wait until it has ended', `ps -fp ${pid}`],
  });
}

/** The journal's directory cannot be written to. */
export function unwritable(path: string, error: unknown): GhpassError {
  const errno = (error as NodeJS.ErrnoException).code;
  return new GhpassError('permission', {
    code: 'journal.unwritable',
    message: `${path}: ${errno}; what is not written down is not changed`,
    suggestions: ['run ghpass as root'],
    cause: error,
  });
}
