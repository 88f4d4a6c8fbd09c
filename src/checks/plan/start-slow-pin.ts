import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

/** 64 GiB in pages of 4 KiB: cloud-hypervisor#754 took minutes from there. */
const MANY_PAGES = 1n << 24n;

export const startSlowPin: PlanCheck = {
  id: 'start.slow-pin',
  severity: 'info',
  title: 'The memory of a guest is pinned in large pages',
  looksAt: 'memory of the guest, page size of the kernel, and /sys/kernel/mm/transparent_hugepage/enabled',
  reference: 'cloud-hypervisor/cloud-hypervisor#754: 5 min 35 s, with huge pages 2 min 5 s',
  observe({ plan, host: { pageBytes }, settings: { hugePages } }) {
    if (plan.hugePageBytes !== null) return [];
    if (pageBytes === null) return { notKnown: 'the page size of the kernel is not known' };
    if (hugePages.transparent === null) return { notKnown: 'there is no /sys/kernel/mm/transparent_hugepage' };
    const pages = plan.memoryBytes / pageBytes;
    if (hugePages.transparent !== 'never' || pages < MANY_PAGES) return [];
    const message = `${formatBytes(plan.memoryBytes)} are ${pages} pages of ${formatBytes(pageBytes)} to pin one by one, as transparent huge pages are off: that takes minutes`;
    const remedy = ['echo madvise > /sys/kernel/mm/transparent_hugepage/enabled', 'ghpass … --hugepages auto'];
    return [{ subject: plan.name, message, remedy }];
  },
};
