import type { HostFiles } from './files.ts';
import { type RootEntry, rootedFiles } from './rooted-files.ts';
import { type Unread, withUnread } from './snapshot/unread.ts';

/** A host's files as data: absolute path → content, or the target of a link. Directories follow from the paths. */
export interface FileTree {
  files: Readonly<Record<string, string | Uint8Array>>;
  links: Readonly<Record<string, string>>;
  /** What is known by name only; left out where there is none. */
  unread?: Unread;
}

/** The files of a host that exists only as data: built-in hosts, archives, and hosts that tests make up. */
export function memoryFiles(tree: FileTree): HostFiles {
  const entries = new Map<string, RootEntry>();
  const directories = new Map<string, Set<string>>();
  const add = (path: string, entry: RootEntry) => {
    entries.set(path, entry);
    for (let child = path; child !== '/'; ) {
      const slash = child.lastIndexOf('/');
      const parent = child.slice(0, slash) || '/';
      const names = directories.get(parent);
      if (names) {
        names.add(child.slice(slash + 1));
        return;
      }
      directories.set(parent, new Set([child.slice(slash + 1)]));
      child = parent;
    }
  };
  for (const [path, content] of Object.entries(tree.files)) {
    add(path, {
      kind: 'file',
      read: () => (typeof content === 'string' ? new TextEncoder().encode(content) : content),
    });
  }
  for (const [path, target] of Object.entries(tree.links)) add(path, { kind: 'link', target });
  for (const [path, names] of directories) entries.set(path, { kind: 'directory', names: () => [...names] });
  return rootedFiles(withUnread((path) => entries.get(path) ?? null, tree.unread ?? {}));
}
