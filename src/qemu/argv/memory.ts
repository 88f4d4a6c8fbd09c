import type { GuestNode } from '../../plan/guest-plan.ts';
import { option, size } from './arguments.ts';

/** QEMU's own limit (util/oslib-posix.c, MAX_MEM_PREALLOC_THREAD_COUNT). */
const MOST_THREADS = 16;

/**
 * The memory of one node of a guest. Huge pages are of an anonymous file (memfd): that needs no mounted hugetlbfs, and leaves
 * nothing behind. They are touched before the guest starts, by threads near to them (QEMU 7.2): VFIO would pin them one after
 * the other in a single thread, and where some are missing QEMU then says so instead of being killed by SIGBUS.
 */
export function memory(node: GuestNode, hugePageBytes: bigint | null): string[] {
  const { id, hostNode } = node;
  const bound = [
    ['host-nodes', hostNode ?? undefined],
    ['policy', hostNode === null ? undefined : 'bind'],
  ] as const;
  const common = [
    ['id', `ram${id}`],
    ['size', size(node.memoryBytes)],
  ] as const;
  if (hugePageBytes === null) return option('-object', [['memory-backend-ram', null], ...common, ...bound]);
  const context = hostNode === null ? undefined : `near${id}`;
  return [
    ...(context === undefined
      ? []
      : option('-object', [
          ['thread-context', null],
          ['id', context],
          ['node-affinity', hostNode],
        ])),
    ...option('-object', [
      ['memory-backend-memfd', null],
      ...common,
      ['hugetlb', 'on'],
      ['hugetlbsize', size(hugePageBytes)],
      ['prealloc', 'on'],
      ['prealloc-threads', Math.min(MOST_THREADS, node.cpus?.length ?? 1)],
      ['prealloc-context', context],
      ...bound,
    ]),
  ];
}
