import { UnreadableFileError } from './files.ts';

/** As many links as Linux follows before it answers ELOOP (fs/namei.c, MAXSYMLINKS). */
const MAX_LINKS = 40;
/** No path, and no target of a link, is longer (include/uapi/linux/limits.h, PATH_MAX, which counts the NUL). */
const MAX_PATH_CHARACTERS = 4095;

/** Where a path leads: the path without links in it, and what is there. */
export interface Place<Entry> {
  path: string;
  entry: Entry;
}

/** Where a directory leads, and over how many links; null where there is nothing. */
type Directory = { path: string; links: number } | null;

/**
 * Follows paths as the kernel does, inside of a root: `..` never leaves it. Directories are followed once and remembered,
 * since thousands of files lie in the same few.
 * @param entryAt gives the entry at a path without links in its parent components (`/sys/bus`), or null.
 * @param targetOf gives the target of an entry that is a link, else null.
 * @returns a function that gives null where nothing is at the path, and throws UnreadableFileError (ELOOP, ENAMETOOLONG).
 */
export function pathWalker<Entry>(
  entryAt: (path: string) => Entry | null,
  targetOf: (entry: Entry) => string | null,
): (path: string, followLast: boolean) => Place<Entry> | null {
  const directories = new Map<string, Directory>();

  function walk(asked: string, followLast: boolean): Place<Entry> | null {
    const follow = (path: string, last: boolean, links: number): (Place<Entry> & { links: number }) | null => {
      if (links > MAX_LINKS) throw new UnreadableFileError(asked, 'ELOOP');
      const { parent, name } = split(path);
      if (name === null) return found('/', links);
      const directory = directoryAt(parent, links);
      if (directory === null) return null;
      if (name === '..') return found(split(directory.path).parent, directory.links);
      const here = join(directory.path, name);
      const place = found(here, directory.links);
      const target = place && last ? targetOf(place.entry) : null;
      if (target === null) return place;
      if (target.length > MAX_PATH_CHARACTERS) throw new UnreadableFileError(asked, 'ENAMETOOLONG');
      return follow(target.startsWith('/') ? target : join(directory.path, target), true, directory.links + 1);
    };
    const directoryAt = (path: string, links: number): Directory => {
      const known = directories.get(path);
      if (known === undefined) {
        const place = follow(path, true, links);
        const directory = place && { path: place.path, links: place.links - links };
        directories.set(path, directory);
        return directory && { ...directory, links: place.links };
      }
      if (known && known.links + links > MAX_LINKS) throw new UnreadableFileError(asked, 'ELOOP');
      return known && { path: known.path, links: known.links + links };
    };
    const found = (path: string, links: number) => {
      const entry = entryAt(path);
      return entry && { path, entry, links };
    };
    return follow(asked, followLast, 0);
  }
  return walk;
}

function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

/** The last component and what is before it; `.` and empty components do not count, and the root has no name. */
function split(path: string): { parent: string; name: string | null } {
  const end = endOfName(path, path.length);
  const start = path.lastIndexOf('/', end - 1) + 1;
  const name = path.slice(start, end);
  const parent = path.slice(0, endOfName(path, start)) || '/';
  if (name === '') return { parent, name: null };
  return name === '.' ? split(parent) : { parent, name };
}

function endOfName(path: string, from: number): number {
  let end = from;
  while (end > 0 && path[end - 1] === '/') end -= 1;
  return end;
}
