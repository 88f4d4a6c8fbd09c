import type { FileTree } from '../memory-files.ts';
import { type SyntheticHost, synthesize } from './synthesize.ts';

/** Changes to the files of a host: content, target or errno by path, null to take a file or link away. */
export interface TreeChanges {
  files?: Readonly<Record<string, string | Uint8Array | null>>;
  links?: Readonly<Record<string, string | null>>;
  unread?: Readonly<Record<string, string>>;
}

/** A made-up host with changes that no spec can say. */
export function changedTree(host: SyntheticHost, changes: TreeChanges): FileTree {
  const { files, links } = synthesize(host);
  const { unread = {} } = changes;
  const isReadable = (path: string) => !Object.hasOwn(unread, path);
  return {
    files: present({ ...files, ...changes.files }, isReadable),
    links: present({ ...links, ...changes.links }, isReadable),
    unread,
  };
}

function present<T>(
  record: Readonly<Record<string, T | null>>,
  isWanted: (path: string) => boolean,
): Record<string, T> {
  const isPresent = (entry: [string, T | null]): entry is [string, T] => entry[1] !== null && isWanted(entry[0]);
  return Object.fromEntries(Object.entries(record).filter(isPresent));
}
