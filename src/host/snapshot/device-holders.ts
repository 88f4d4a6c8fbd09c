import type { FileTree } from '../memory-files.ts';

const OF_PROCESS = /^\/proc\/(\d+)(?:\/(.*))?$/;
/** What a process that holds a GPU has open: NVIDIA's driver, or a VFIO group or device. */
const HELD_DEVICE = /^\/dev\/(nvidia|vfio\/)/;
/** What tells a person whose process it is. Its command line is nobody's business. */
const KEPT_FILES = new Set(['comm', 'cgroup']);

/**
 * Keeps of all processes only those that hold a GPU: which device node, name and control group. Finding them takes a look at
 * everybody's open files, which are theirs. What ghpass reads of itself (`/proc/self`) stays, too. A process that could not be looked into stays as a number with an errno, since it
 * may hold one.
 */
export function keepDeviceHolders(tree: FileTree): FileTree {
  const holders = new Set(
    Object.entries(tree.links).flatMap(([path, target]) => {
      const [, pid, below] = OF_PROCESS.exec(path) ?? [];
      return pid && below?.startsWith('fd/') && HELD_DEVICE.test(target) ? [pid] : [];
    }),
  );
  const own = tree.links['/proc/self'];
  const isKept = (path: string, keep: (below: string) => boolean) => {
    const [, pid = null, below = ''] = OF_PROCESS.exec(path) ?? [];
    return pid === null || (pid === own && !below.startsWith('fd')) || (holders.has(pid) && keep(below));
  };
  return {
    files: filter(tree.files, (path) => isKept(path, (below) => KEPT_FILES.has(below))),
    links: filter(tree.links, (path, target) => isKept(path, () => HELD_DEVICE.test(target))),
    unread: filter(tree.unread ?? {}, (path, errno) => errno !== null || isKept(path, () => false)),
  };
}

function filter<T>(record: Readonly<Record<string, T>>, keep: (key: string, value: T) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key, value]) => keep(key, value)));
}
