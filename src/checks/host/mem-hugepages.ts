import type { HugePagePool } from '../../host/numa/huge-pages.ts';
import type { NumaNode } from '../../host/numa/numa.ts';
import { mostHugePages, reservationFile } from '../../plan/huge-pages.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { Observation } from '../check.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const memHugepages: HostCheck = {
  id: 'mem.hugepages',
  severity: 'fail',
  title: 'Huge pages that are reserved can be used for guests, and leave the host its memory',
  looksAt:
    'nr_hugepages in /sys/devices/system/node/node*/hugepages, cpulist and meminfo of the nodes, and /proc/mounts',
  reference: 'Documentation/admin-guide/mm/hugetlbpage.rst; kubevirt/kubevirt#14854, kubernetes/kubernetes#132084',
  observe({ host: { numa }, settings: { hugePages } }) {
    const { pools, mounted } = hugePages;
    if (numa === null || pools === null) return { notKnown: 'no NUMA node shows its huge pages' };
    const reserved = pools.filter((pool) => pool.reserved > 0);
    const unmounted = reserved.length > 0 && mounted === false ? [notMounted(reserved)] : [];
    return [
      ...reserved.flatMap((pool) =>
        onNode(
          pool,
          numa.nodes.find(({ id }) => id === pool.node),
        ),
      ),
      ...unmounted,
    ];
  },
};

function onNode(pool: HugePagePool, node: NumaNode | undefined): Observation[] {
  if (!node) return [];
  const bytes = pool.pageBytes * BigInt(pool.reserved);
  const file = reservationFile(node.id, pool.pageBytes);
  const what = `${pool.reserved} huge pages of ${formatBytes(pool.pageBytes)}`;
  if (node.cpus.length === 0) {
    return aboutHost(`node ${node.id} has ${what} and no CPUs: they are in the memory of a GPU`, `echo 0 > ${file}`);
  }
  const memory = node.memoryBytes;
  const most = mostHugePages(node, pool.pageBytes);
  if (memory === null || most === null || BigInt(pool.reserved) <= most) return [];
  return aboutHost(
    `node ${node.id} has ${what} in ${formatBytes(memory)} of memory: ${formatBytes(memory - bytes)} are left for the host`,
    `echo ${most} > ${file}`,
  ).map((observation) => ({ ...observation, severity: 'warn' }));
}

function notMounted(reserved: readonly HugePagePool[]): Observation {
  const count = reserved.reduce((sum, pool) => sum + pool.reserved, 0);
  const message = `${count} huge pages are reserved, and no hugetlbfs is mounted`;
  return { subject: 'host', severity: 'warn', message, remedy: ['mount -t hugetlbfs hugetlbfs /dev/hugepages'] };
}
