import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFiles } from './files.ts';
import { type RootEntry, rootedFiles } from './rooted-files.ts';

/** The files of a captured host: a directory that holds the same absolute paths as the host did. */
export function snapshotFiles(directory: string): HostFiles {
  return rootedFiles((path) => entryAt(join(directory, path)));
}

function entryAt(path: string): RootEntry | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) return { kind: 'link', target: readlinkSync(path) };
  if (stat.isDirectory()) return { kind: 'directory', names: () => readdirSync(path) };
  return { kind: 'file', read: () => readFileSync(path) };
}
