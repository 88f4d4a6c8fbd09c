import { UnreadableFileError } from '../files.ts';
import type { RootEntry } from '../rooted-files.ts';
import { parseObject, snapshotBroken } from './broken.ts';

/**
 * What a host had and a snapshot does not hold: path → the errno with which it refused to be read, or null where a directory
 * named it and nobody asked for more. Without it, a refused file would read as absent, and a directory would be shorter.
 */
export type Unread = Readonly<Record<string, string | null>>;

/** Where a snapshot keeps it. */
export const UNREAD_FILE = '/ghpass/unread.json';

/** Errno of a directory that somebody read as a file: it is still a directory. */
const IS_DIRECTORY = 'EISDIR';

/** @throws GhpassError `host.snapshot-broken`. */
export function parseUnread(snapshot: string, text: string): Unread {
  const unread = parseObject(snapshot, UNREAD_FILE, text);
  for (const [path, errno] of Object.entries(unread)) {
    if (errno === null || (typeof errno === 'string' && /^E[A-Z0-9]+$/.test(errno))) continue;
    throw snapshotBroken(snapshot, UNREAD_FILE, `${JSON.stringify(path)} has neither an errno nor null`);
  }
  return unread as Unread;
}

/** The entries of a captured host, with those that are known by name only. */
export function withUnread(entryAt: (path: string) => RootEntry | null, unread: Unread): typeof entryAt {
  const paths = Object.keys(unread);
  if (paths.length === 0) return entryAt;
  const names = namesByDirectory(paths);
  return (path) => {
    const entry = entryAt(path);
    const errno = Object.hasOwn(unread, path) ? unread[path] : undefined;
    const further = names.get(path);
    if (entry === null && further === undefined) return errno === undefined ? null : { kind: 'unread', errno };
    if (entry !== null && entry.kind !== 'directory') return entry;
    return {
      kind: 'directory',
      names() {
        if (errno && errno !== IS_DIRECTORY) throw new UnreadableFileError(path, errno);
        return [...new Set([...(entry?.names() ?? []), ...(further ?? [])])];
      },
    };
  };
}

/** All directories on the way are there, too. */
function namesByDirectory(paths: readonly string[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (let path of paths) {
    while (path !== '/') {
      const slash = path.lastIndexOf('/');
      const directory = path.slice(0, slash) || '/';
      const siblings = names.get(directory);
      if (!siblings) names.set(directory, new Set([path.slice(slash + 1)]));
      else siblings.add(path.slice(slash + 1));
      if (siblings) break;
      path = directory;
    }
  }
  return names;
}
