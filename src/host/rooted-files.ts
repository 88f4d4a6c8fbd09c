import type { HostFiles } from './files.ts';
import { UnreadableFileError } from './files.ts';
import { pathWalker } from './path-walk.ts';

/** One entry of a root directory that is not this machine's own: no links are followed. */
export type RootEntry =
  | { kind: 'file'; read(): Uint8Array }
  | { kind: 'link'; target: string }
  | { kind: 'directory'; names(): string[] }
  /** It was there, and refused to be read; with null, nobody asked. */
  | { kind: 'unread'; errno: string | null };

/**
 * Files below a root that stands for another host: links resolve inside the root, `..` never leaves it.
 * @param entryAt gives the entry at a path without links in its parent components (`/sys/bus`), or null.
 */
export function rootedFiles(entryAt: (path: string) => RootEntry | null): HostFiles {
  const walk = pathWalker(entryAt, (entry) => (entry.kind === 'link' ? entry.target : null));
  const find = (path: string) => {
    const entry = walk(path, true)?.entry ?? null;
    if (entry?.kind !== 'unread') return entry;
    if (entry.errno !== null) throw new UnreadableFileError(path, entry.errno);
    return null;
  };
  return {
    readBytes(path) {
      const entry = find(path);
      if (entry === null) return null;
      if (entry.kind !== 'file') throw new UnreadableFileError(path, 'EISDIR');
      return entry.read();
    },
    list(path) {
      const entry = find(path);
      return entry?.kind === 'directory' ? entry.names().sort() : [];
    },
    readLink(path) {
      const entry = walk(path, false)?.entry;
      return entry?.kind === 'link' ? entry.target : null;
    },
  };
}
