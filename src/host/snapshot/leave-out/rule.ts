import type { FileTree } from '../../memory-files.ts';

/** Names that belong to one host and to no other. */
export interface Names {
  /** As `uname -n` says. */
  host: string;
  /** As `uname -r` says; null where it is not known. */
  release: string | null;
}

/** Something that a snapshot does without, unless all of it is asked for. */
export interface LeaveOutRule {
  /** Stable; stands in the snapshot's about.json. */
  id: string;
  /** What is left out, in the plural. */
  title: string;
  /** Pure: gives the tree without it. */
  apply(tree: FileTree, names: Names): FileTree;
}

/** Changes the texts of a tree. What is no text stays as it is, and so does what firmware and kernel were built with. */
export function mapTexts(tree: FileTree, change: (text: string, path: string) => string): FileTree {
  const files = Object.entries(tree.files).map(([path, content]) => {
    const text = BUILT_IN_ADVANCE.test(path) ? null : textOf(content);
    return [path, text === null ? content : change(text, path)] as const;
  });
  return { ...tree, files: Object.fromEntries(files) };
}

/** Words of those who built the kernel and the firmware: the same on thousands of hosts, and megabytes long. */
const BUILT_IN_ADVANCE = /^\/(sys\/firmware|boot|lib\/modules|proc\/config\.gz)(\/|-|$)/;

function textOf(content: string | Uint8Array): string | null {
  if (typeof content === 'string') return content;
  if (content.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}
