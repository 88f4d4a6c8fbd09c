import { type HostFiles, UnreadableFileError } from '../files.ts';
import type { FileTree } from '../memory-files.ts';
import { pathWalker } from '../path-walk.ts';

/** Files that write down what is read of them. */
export interface Recording {
  files: HostFiles;
  /** What was read so far, enough to answer the same questions with the same answers. */
  recorded(): FileTree;
}

/**
 * Writes down each file that is read, each link on the way to it, each name that a directory lists, and each refusal. What is
 * absent needs no note: in a snapshot it is absent, too. Nothing is read that was not asked for, but the links of the way.
 */
export function recordingFiles(files: HostFiles): Recording {
  const contents = new Map<string, Uint8Array>();
  const links = new Map<string, string>();
  const unread = new Map<string, string | null>();

  const walk = pathWalker(
    (path) => {
      const target = readLink(files, path);
      if (target !== null) links.set(path, target);
      return { target };
    },
    ({ target }) => target,
  );
  /** Where a path leads; a circle of links leads nowhere, now as in the snapshot. */
  const place = (path: string, followLast: boolean) => {
    try {
      return walk(path, followLast)?.path ?? null;
    } catch (error) {
      if (error instanceof UnreadableFileError) return null;
      throw error;
    }
  };
  const noteName = (path: string) => {
    if (!unread.has(path)) unread.set(path, null);
  };
  /** A directory that a path enters and leaves by `..` has to be there, though nothing of it is read. */
  const noteWay = (path: string) => {
    for (const { index } of path.matchAll(/\/\.\.(?=\/|$)/g)) {
      const where = place(path.slice(0, index), true);
      if (where !== null) noteName(where);
    }
  };

  /** Gives what a read gives, and writes down where it comes from. */
  function read<T>(path: string, follow: boolean, ask: () => T, note: (where: string, given: T) => boolean): T {
    const where = place(path, follow);
    try {
      const given = ask();
      if (where !== null && note(where, given)) noteWay(path);
      return given;
    } catch (error) {
      if (!(error instanceof UnreadableFileError)) throw error;
      if (where !== null) unread.set(where, error.errno);
      noteWay(path);
      throw error;
    }
  }
  const noteContent = (where: string, bytes: Uint8Array | null) => {
    if (bytes !== null) contents.set(where, bytes);
    return bytes !== null;
  };
  const noteNames = (where: string, names: readonly string[]) => {
    for (const name of names) noteName(where === '/' ? `/${name}` : `${where}/${name}`);
    return names.length > 0;
  };

  return {
    files: {
      readBytes: (path) => read(path, true, () => files.readBytes(path), noteContent),
      list: (path) => read(path, true, () => files.list(path), noteNames),
      readLink: (path) =>
        read(
          path,
          false,
          () => files.readLink(path),
          (_where, target) => target !== null,
        ),
    },
    recorded() {
      const known = new Set([...contents.keys(), ...links.keys()]);
      const parents = new Set([...known, ...unread.keys()].flatMap(parentsOf));
      const byNameOnly = [...unread].filter(
        ([path, errno]) => !known.has(path) && (errno !== null || !parents.has(path)),
      );
      return {
        files: Object.fromEntries(contents),
        links: Object.fromEntries(links),
        unread: Object.fromEntries(byNameOnly),
      };
    },
  };
}

function readLink(files: HostFiles, path: string): string | null {
  try {
    return files.readLink(path);
  } catch (error) {
    if (error instanceof UnreadableFileError) return null;
    throw error;
  }
}

/** The directories that a path is in. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) parents.push(path.slice(0, end));
  return parents;
}
