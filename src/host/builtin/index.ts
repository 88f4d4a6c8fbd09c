import type { FileTree } from '../memory-files.ts';
import { GH200 } from './gh200.ts';
import { synthesize } from './synthesize.ts';

/** Hosts that ship with ghpass, for dry runs on a machine without a Grace board: name → its files. */
export const BUILTIN_HOSTS: Readonly<Record<string, () => FileTree>> = {
  gh200: () => synthesize(GH200),
};
