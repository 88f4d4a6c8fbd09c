import type { HugePagePool } from '../../host/numa/huge-pages.ts';
import { type HugePageShortage, hugePageShortages, mostHugePages, reservationFile } from '../../plan/huge-pages.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { Observation } from '../check.ts';
import type { PlanCheck } from './facts.ts';

export const memHugepagesFree: PlanCheck = {
  id: 'mem.hugepages-free',
  severity: 'fail',
  title: 'The nodes that the guest is bound to have the huge pages that it is to get',
  looksAt:
    'nr_hugepages and free_hugepages in /sys/devices/system/node/node*/hugepages of the nodes that the guest is bound to',
  reference: 'Documentation/admin-guide/mm/hugetlbpage.rst; QEMU, util/oslib-posix.c, qemu_prealloc_mem',
  observe({ plan, host: { numa }, settings: { hugePages } }) {
    const { hugePageBytes: size } = plan;
    if (size === null) return [];
    if (hugePages.pools === null) return { notKnown: 'no NUMA node shows its huge pages' };
    const pools = hugePages.pools.filter(({ pageBytes }) => pageBytes === size);
    return hugePageShortages(plan, pools).map((shortage): Observation => {
      const node = numa?.nodes.find(({ id }) => id === shortage.hostNode);
      const most = node ? mostHugePages(node, size) : null;
      const message = `${wording(shortage, size)}${elsewhere(pools, shortage)}`;
      return { subject: plan.name, message, remedy: remedyOf(shortage, size, most) };
    });
  },
};

function wording({ hostNode, wanted, pool }: HugePageShortage, size: bigint): string {
  return `the guest wants ${wanted} huge pages of ${formatBytes(size)} on node ${hostNode}; ${pool?.free ?? 0} of ${pool?.reserved ?? 0} are free there`;
}

/** Pages that are reserved by one number for the whole host are shared out over all nodes. */
function elsewhere(pools: readonly HugePagePool[], { hostNode }: HugePageShortage): string {
  const others = pools.filter(({ node, free }) => node !== hostNode && free > 0);
  return others.map(({ node, free }) => `, and ${free} on node ${node}`).join('');
}

function remedyOf({ hostNode, wanted, pool }: HugePageShortage, size: bigint, most: bigint | null): string[] {
  const { reserved = 0, free = 0 } = pool ?? {};
  const count = BigInt(reserved) + wanted - BigInt(free);
  if (most !== null && count > most) {
    return [
      `give the guest less memory: node ${hostNode} can have ${most} such pages, ${reserved - free} of which are in use`,
    ];
  }
  return [
    `echo ${count} > ${reservationFile(hostNode, size)}`,
    `boot with hugepagesz=${size / 1024n}K hugepages=${hostNode}:${count}   # where the kernel does not find as many`,
  ];
}
