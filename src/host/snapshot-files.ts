import { type Dirent, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type HostFiles, readText, UnreadableFileError } from './files.ts';
import { type RootEntry, rootedFiles } from './rooted-files.ts';
import { parseUnread, UNREAD_FILE, withUnread } from './snapshot/unread.ts';

/**
 * The files of a captured host: a directory that holds the same absolute paths as the host did.
 * @throws GhpassError `host.snapshot-broken`.
 */
export function snapshotFiles(directory: string): HostFiles {
  const entries = entriesOf(directory);
  const unread = readText(rootedFiles(entries), UNREAD_FILE);
  return rootedFiles(withUnread(entries, unread === null ? {} : parseUnread(directory, unread)));
}

/** What tells a file, a directory and a link apart: the answer of lstat, or an entry of a directory that was listed. */
type Kind = Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

/** A directory is worth listing when so many of its entries were asked for: one call then answers for the others. */
const CROWD = 8;

/** @throws UnreadableFileError also for what is no file, directory or link: reading a pipe would never end. */
function entriesOf(root: string): (path: string) => RootEntry | null {
  const kindAt = kindsOf(root);
  return (path) => {
    const place = root + path;
    const kind = attempt(path, () => kindAt(path));
    if (kind === null) return null;
    if (kind.isSymbolicLink()) return { kind: 'link', target: attempt(path, () => readlinkSync(place)) ?? '' };
    if (kind.isDirectory()) return { kind: 'directory', names: () => attempt(path, () => readdirSync(place)) ?? [] };
    if (!kind.isFile()) throw new UnreadableFileError(path, 'EINVAL');
    return { kind: 'file', read: () => attempt(path, () => readFileSync(place)) ?? new Uint8Array() };
  };
}

function kindsOf(root: string): (path: string) => Kind | null {
  const asked = new Map<string, number>();
  const crowds = new Map<string, Map<string, Kind>>();
  return (path) => {
    if (path === '/') return lstatSync(`${root}/`);
    const slash = path.lastIndexOf('/');
    const directory = path.slice(0, slash);
    const times = (asked.get(directory) ?? 0) + 1;
    asked.set(directory, times);
    if (times === CROWD) {
      const children = readdirSync(`${root}${directory}/`, { withFileTypes: true });
      crowds.set(directory, new Map(children.map((child) => [child.name, child])));
    }
    const crowd = crowds.get(directory);
    if (crowd) return crowd.get(path.slice(slash + 1)) ?? null;
    return lstatSync(root + path, { throwIfNoEntry: false }) ?? null;
  };
}

/** @returns null where there is nothing at the path, or where a parent is no directory. */
function attempt<T>(path: string, operation: () => T): T | null {
  try {
    return operation();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (errno === 'ENOTDIR' || errno === 'ENOENT') return null;
    throw new UnreadableFileError(path, errno);
  }
}
