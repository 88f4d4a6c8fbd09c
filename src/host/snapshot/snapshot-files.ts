import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type HostFiles, readText, UnreadableFileError } from '../files.ts';
import { type RootEntry, rootedFiles } from '../rooted-files.ts';
import { parseUnread, UNREAD_FILE, withUnread } from './unread.ts';

/**
 * The files of a captured host: a directory that holds the same absolute paths as the host did.
 * @throws GhpassError `host.snapshot-broken`.
 */
export function snapshotFiles(directory: string): HostFiles {
  const entries = (path: string) => entryAt(directory, path);
  const unread = readText(rootedFiles(entries), UNREAD_FILE);
  return rootedFiles(withUnread(entries, unread === null ? {} : parseUnread(directory, unread)));
}

/** @throws UnreadableFileError also for what is no file, directory or link: reading a pipe would never end. */
function entryAt(directory: string, path: string): RootEntry | null {
  const place = directory + path;
  const stat = attempt(path, () => lstatSync(place, { throwIfNoEntry: false })) ?? null;
  if (stat === null) return null;
  if (stat.isSymbolicLink()) return { kind: 'link', target: attempt(path, () => readlinkSync(place)) ?? '' };
  if (stat.isDirectory()) return { kind: 'directory', names: () => attempt(path, () => readdirSync(place)) ?? [] };
  if (!stat.isFile()) throw new UnreadableFileError(path, 'EINVAL');
  return { kind: 'file', read: () => attempt(path, () => readFileSync(place)) ?? new Uint8Array() };
}

/** @returns null where a parent is no directory, so that there is nothing at the path. */
function attempt<T>(path: string, operation: () => T): T | null {
  try {
    return operation();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (errno === 'ENOTDIR') return null;
    throw new UnreadableFileError(path, errno);
  }
}
