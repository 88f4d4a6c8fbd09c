import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type HostFiles, UnreadableFileError } from './files.ts';
import { type RootEntry, rootedFiles } from './rooted-files.ts';

/** The files of a captured host: a directory that holds the same absolute paths as the host did. */
export function snapshotFiles(directory: string): HostFiles {
  return rootedFiles((path) => entryAt(directory, path));
}

/** @throws UnreadableFileError also for what is no file, directory or link: reading a pipe would never end. */
function entryAt(directory: string, path: string): RootEntry | null {
  const place = join(directory, path);
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
