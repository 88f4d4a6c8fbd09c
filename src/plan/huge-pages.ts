import { GhpassError } from '../errors.ts';
import type { HugePageFacts, HugePagePool } from '../host/numa/huge-pages.ts';
import type { NumaNode } from '../host/numa/numa.ts';
import { formatBytes, MIB } from '../vfio/bytes.ts';
import type { GuestNode, GuestPlan } from './guest-plan.ts';
import type { GuestRequest } from './request.ts';

/** What the host itself needs of a node, in parts of it: less left, and its own programs are killed. */
const LEFT_FOR_HOST = 20n;
/** Bytes of an entry of a page table, which fills one page: an entry of the table above stands for what it maps. */
const ENTRY_BYTES = 8n;

/** What a choice is made of. */
export interface HugePageInput {
  request: Pick<GuestRequest, 'memoryBytes' | 'placement'>;
  hugePages: HugePageFacts;
  /** Ordinary pages of the host; null where they are not known. */
  pageBytes: bigint | null;
  /** How the memory would be shared out in pages of this size. */
  nodesWith(hugePageBytes: bigint): readonly GuestNode[];
}

/**
 * Size of the pages that the guest's memory is made of. `auto` is the largest size of which enough are free where they are
 * wanted; where there is none, the size of a block of the page table (2 MiB with pages of 4 KiB, 512 MiB with 64 KiB), which
 * the kernel finds most easily while it runs: what is missing is then a finding.
 * @returns null for ordinary pages.
 * @throws GhpassError `hugepages.unknown`, `hugepages.size`, `hugepages.memory`.
 */
export function planHugePages(input: HugePageInput): bigint | null {
  const { request, hugePages } = input;
  const { hugePages: asked } = request.placement;
  if (asked === null) return null;
  const sizes = sizesOf(hugePages.pools ?? []);
  const chosen = asked === 'auto' ? choose(sizes, input) : asked;
  if (hugePages.pools !== null && !sizes.includes(chosen)) throw unknownSize(chosen, sizes);
  if (request.memoryBytes % chosen !== 0n || request.memoryBytes < chosen)
    throw noMultiple(request.memoryBytes, chosen);
  return chosen;
}

function sizesOf(pools: readonly HugePagePool[]): bigint[] {
  return [...new Set(pools.map(({ pageBytes }) => pageBytes))].sort((a, b) => (a < b ? 1 : -1));
}

function choose(sizes: readonly bigint[], { request, hugePages, pageBytes, nodesWith }: HugePageInput): bigint {
  const enough = sizes.find((size) => {
    const nodes = request.memoryBytes % size === 0n ? nodesWith(size) : [];
    return nodes.length > 0 && hugePageShortages({ nodes, hugePageBytes: size }, hugePages.pools ?? []).length === 0;
  });
  const block = pageBytes === null ? null : pageBytes * (pageBytes / ENTRY_BYTES);
  const chosen = enough ?? sizes.find((size) => size === block) ?? sizes.at(-1);
  if (chosen !== undefined) return chosen;
  throw new GhpassError('check', {
    code: 'hugepages.unknown',
    message: 'no NUMA node of the host shows huge pages, so none can be chosen',
    suggestions: ['--hugepages 2M', 'boot a kernel with CONFIG_HUGETLBFS'],
  });
}

/** A host node with fewer free huge pages than the guest wants of it. */
export interface HugePageShortage {
  hostNode: number;
  wanted: bigint;
  /** Null where the node has none of that size. */
  pool: HugePagePool | null;
}

/** Where huge pages are missing; memory that is bound to no node is not looked at. */
export function hugePageShortages(
  { nodes, hugePageBytes }: { nodes: readonly GuestNode[]; hugePageBytes: GuestPlan['hugePageBytes'] },
  pools: readonly HugePagePool[],
): HugePageShortage[] {
  if (hugePageBytes === null) return [];
  return nodes.flatMap(({ hostNode, memoryBytes }) => {
    if (hostNode === null) return [];
    const wanted = memoryBytes / hugePageBytes;
    const pool = pools.find(({ node, pageBytes }) => node === hostNode && pageBytes === hugePageBytes) ?? null;
    return BigInt(pool?.free ?? 0) >= wanted ? [] : [{ hostNode, wanted, pool }];
  });
}

/** How many huge pages a node can have so that enough is left for the host; null where its memory is not known. */
export function mostHugePages({ memoryBytes }: Pick<NumaNode, 'memoryBytes'>, pageBytes: bigint): bigint | null {
  return memoryBytes === null ? null : (memoryBytes - memoryBytes / LEFT_FOR_HOST) / pageBytes;
}

/** The file that says how many huge pages of a size a node has reserved. */
export function reservationFile(node: number, pageBytes: bigint): string {
  return `/sys/devices/system/node/node${node}/hugepages/hugepages-${pageBytes / 1024n}kB/nr_hugepages`;
}

function unknownSize(asked: bigint, sizes: readonly bigint[]): GhpassError {
  const known = sizes.map(formatBytes).reverse().join(', ');
  return new GhpassError('usage', {
    code: 'hugepages.size',
    message: `the host has no huge pages of ${formatBytes(asked)}; its kernel knows those of ${known || 'no size'}`,
    suggestions: ['--hugepages auto'],
  });
}

function noMultiple(memoryBytes: bigint, pageBytes: bigint): GhpassError {
  const fewer = (memoryBytes / pageBytes) * pageBytes;
  const sizes = [fewer, fewer + pageBytes].filter((bytes) => bytes > 0n);
  return new GhpassError('usage', {
    code: 'hugepages.memory',
    message: `${formatBytes(memoryBytes)} of memory are no whole number of huge pages of ${formatBytes(pageBytes)}`,
    suggestions: sizes.map((bytes) => `--memory ${bytes / MIB}M`),
  });
}
