import type { HostFiles } from './files.ts';
import { UnreadableFileError } from './files.ts';

/** One entry of a root directory that is not this machine's own: no links are followed. */
export type RootEntry =
  | { kind: 'file'; read(): Uint8Array }
  | { kind: 'link'; target: string }
  | { kind: 'directory'; names(): string[] };

/** As many links as Linux follows before it answers ELOOP (fs/namei.c, MAXSYMLINKS). */
const MAX_LINKS = 40;
/** No path, and no target of a link, is longer (include/uapi/linux/limits.h, PATH_MAX, which counts the NUL). */
const MAX_PATH_CHARACTERS = 4095;

/**
 * Files below a root that stands for another host: links resolve inside the root, `..` never leaves it.
 * @param entryAt gives the entry at a path without links in its parent components (`/sys/bus`), or null.
 */
export function rootedFiles(entryAt: (path: string) => RootEntry | null): HostFiles {
  const find = (path: string, followLast: boolean) => {
    const resolved = resolveInRoot(entryAt, path, followLast);
    return resolved === null ? null : entryAt(resolved);
  };
  return {
    readBytes(path) {
      const entry = find(path, true);
      if (entry === null) return null;
      if (entry.kind !== 'file') throw new UnreadableFileError(path, 'EISDIR');
      return entry.read();
    },
    list(path) {
      const entry = find(path, true);
      return entry?.kind === 'directory' ? entry.names().sort() : [];
    },
    readLink(path) {
      const entry = find(path, false);
      return entry?.kind === 'link' ? entry.target : null;
    },
  };
}

function resolveInRoot(entryAt: (path: string) => RootEntry | null, path: string, followLast: boolean): string | null {
  const pending = components(path);
  const done: string[] = [];
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '..') {
      done.pop();
      continue;
    }
    const here = `/${[...done, name].join('/')}`;
    const entry = entryAt(here);
    if (entry === null) return null;
    if (entry.kind !== 'link' || (pending.length === 0 && !followLast)) {
      done.push(name);
      continue;
    }
    if (entry.target.length > MAX_PATH_CHARACTERS) throw new UnreadableFileError(path, 'ENAMETOOLONG');
    links += 1;
    if (links > MAX_LINKS) throw new UnreadableFileError(path, 'ELOOP');
    if (entry.target.startsWith('/')) done.length = 0;
    pending.unshift(...components(entry.target));
  }
  return `/${done.join('/')}`;
}

function components(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
