import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

export const memAvailable: PlanCheck = {
  id: 'mem.available',
  severity: 'fail',
  title: 'The host has the memory that the guest is to get',
  looksAt: 'MemFree of the nodes that the guest is bound to, and MemAvailable of /proc/meminfo',
  reference: 'VFIO pins all of the guest’s memory: drivers/vfio/vfio_iommu_type1.c',
  observe({ plan, host }) {
    // Reserved huge pages are in use already, as the kernel counts.
    if (plan.hugePageBytes !== null) return [];
    const bound = plan.nodes.flatMap(({ memoryBytes, hostNode }) => {
      const free = host.numa?.nodes.find(({ id }) => id === hostNode)?.freeBytes ?? null;
      if (hostNode === null || free === null || memoryBytes <= free) return [];
      return { subject: plan.name, message: shortage(memoryBytes, free, `on node ${hostNode}, to which it is bound`) };
    });
    const available = host.availableMemoryBytes;
    if (available === null) {
      return bound.length > 0 ? bound : { notKnown: 'MemAvailable of /proc/meminfo is not known' };
    }
    if (plan.memoryBytes <= available) return bound;
    return [{ subject: plan.name, message: shortage(plan.memoryBytes, available, 'in all') }];
  },
};

function shortage(wanted: bigint, available: bigint, where: string): string {
  return `the guest wants ${formatBytes(wanted)}, all of it pinned; the host has ${formatBytes(available)} ${where}`;
}
