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
 * Follows paths as the kernel does, inside of a root: `..` never leaves it. What is on the way is asked for once, since
 * thousands of files lie in the same few directories. As in the kernel (fs/namei.c, link_path_walk) what links add to a way
 * is a list and no recursion, so that no snapshot can exhaust the stack: 40 links of 2,047 components each are the most.
 * @param entryAt gives the entry at a path without links in its parent components (`/sys/bus`), or null.
 * @param targetOf gives the target of an entry that is a link, else null.
 * @returns a function that gives null where nothing is at the path, and throws UnreadableFileError (ELOOP, ENAMETOOLONG).
 */
export function pathWalker<Entry>(
  entryAt: (path: string) => Entry | null,
  targetOf: (entry: Entry) => string | null,
): (path: string, followLast: boolean) => Place<Entry> | null {
  const entries = new Map<string, Entry | null>();
  const directories = new Map<string, Directory>();

  function walk(asked: string, followLast: boolean): Place<Entry> | null {
    const bounded = (path: string) => {
      if (path.length > MAX_PATH_CHARACTERS) throw new UnreadableFileError(asked, 'ENAMETOOLONG');
      return path;
    };
    const follow = (from: Directory, way: string, isLastFollowed: boolean): Directory => {
      if (from === null) return null;
      let { path, links } = from;
      const left = componentsFromLast(way);
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        if (name === '..') {
          path = parentOf(path);
          continue;
        }
        const here = bounded(path === '/' ? `/${name}` : `${path}/${name}`);
        const entry = known(here);
        if (entry === null) return null;
        const target = left.length > 0 || isLastFollowed ? targetOf(entry) : null;
        if (target === null) {
          path = here;
          continue;
        }
        links += 1;
        if (links > MAX_LINKS) throw new UnreadableFileError(asked, 'ELOOP');
        if (bounded(target).startsWith('/')) path = '/';
        left.push(...componentsFromLast(target));
      }
      return { path, links };
    };
    const directoryAt = (path: string) => {
      let directory = directories.get(path);
      if (directory === undefined) {
        directory = follow({ path: '/', links: 0 }, path, true);
        directories.set(path, directory);
      }
      return directory;
    };
    const slash = bounded(asked).lastIndexOf('/');
    const place = follow(directoryAt(asked.slice(0, slash)), asked.slice(slash + 1), followLast);
    const entry = place && known(place.path);
    return entry && { path: place.path, entry };
  }

  function known(path: string): Entry | null {
    let entry = entries.get(path);
    if (entry === undefined) {
      entry = entryAt(path);
      entries.set(path, entry);
    }
    return entry;
  }

  return walk;
}

/** The names in a path, the last first; `.` and empty ones do not count. */
function componentsFromLast(path: string): string[] {
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .reverse();
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
