import type { FileTree } from '../memory-files.ts';
import { BROKEN_HOSTS, breakHost } from './broken/index.ts';
import { GH200 } from './gh200.ts';
import { gh200Nvl2 } from './gh200-nvl2.ts';
import { gb200Nvl4, gb300Nvl4 } from './nvl4.ts';
import { POWER9_V100, power9 } from './power9.ts';
import { synthesize } from './synthesize.ts';

/** Hosts that ship with ghpass, for dry runs on a machine without a Grace board: name → its files, made when asked for. */
export const BUILTIN_HOSTS: Readonly<Record<string, () => FileTree>> = {
  gh200: () => synthesize(GH200),
  'gh200-nvl2': () => synthesize(gh200Nvl2()),
  'gb200-nvl4': () => synthesize(gb200Nvl4()),
  'gb300-nvl4': () => synthesize(gb300Nvl4()),
  'power9-v100': () => power9(POWER9_V100),
  ...Object.fromEntries(Object.entries(BROKEN_HOSTS).map(([name, make]) => [name, () => breakHost(make())])),
};
