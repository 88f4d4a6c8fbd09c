import { type HostFiles, readText } from '../files.ts';
import type { NumaFacts } from './numa.ts';

/** Huge pages of one size that are reserved on one node. */
export interface HugePagePool {
  node: number;
  pageBytes: bigint;
  reserved: number;
  free: number;
}

/** Huge pages, reserved and transparent. */
export interface HugePageFacts {
  /** One for each node and size that the kernel has; null where no node shows any. */
  pools: HugePagePool[] | null;
  /** A hugetlbfs is mounted; null where /proc/mounts is not known. */
  mounted: boolean | null;
  /** Page sizes of the hugetlbfs that are mounted, in bytes; null where /proc/mounts is not known. */
  mountedBytes: bigint[] | null;
  /** Policy for transparent huge pages: `always`, `madvise` or `never`; null where it is not known. */
  transparent: string | null;
}

export function readHugePages(files: HostFiles, numa: NumaFacts | null): HugePageFacts {
  const pools = numa?.nodes.flatMap(({ id }) => poolsOf(files, id)) ?? [];
  const mounts = readText(files, '/proc/mounts');
  const policy = readText(files, '/sys/kernel/mm/transparent_hugepage/enabled');
  return {
    pools: pools.length > 0 ? pools : null,
    mounted: mounts === null ? null : /^\S+ \S+ hugetlbfs /m.test(mounts),
    mountedBytes: mounts === null ? null : mountedSizes(mounts),
    transparent: /\[(\w+)\]/.exec(policy ?? '')?.[1] ?? null,
  };
}

const UNITS: Readonly<Record<string, bigint>> = { K: 1n << 10n, M: 1n << 20n, G: 1n << 30n };

/** The kernel shows the size with each mount (fs/hugetlbfs/inode.c, hugetlbfs_show_options). */
function mountedSizes(mounts: string): bigint[] {
  const sizes = mounts.matchAll(/^\S+ \S+ hugetlbfs (?:\S*,)?pagesize=(\d+)([KMG])/gm);
  return [...sizes].map(([, count = '0', unit = 'K']) => BigInt(count) * (UNITS[unit] ?? 1n));
}

function poolsOf(files: HostFiles, node: number): HugePagePool[] {
  const directory = `/sys/devices/system/node/node${node}/hugepages`;
  return files.list(directory).flatMap((name) => {
    const kib = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    const count = (attribute: string) => Number(readText(files, `${directory}/${name}/${attribute}`) ?? 0);
    if (!kib) return [];
    return { node, pageBytes: BigInt(kib) * 1024n, reserved: count('nr_hugepages'), free: count('free_hugepages') };
  });
}
