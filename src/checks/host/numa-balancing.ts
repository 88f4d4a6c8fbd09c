import { aboutHost, bootWith, type HostCheck } from './facts.ts';

export const numaBalancing: HostCheck = {
  id: 'numa.balancing',
  severity: 'info',
  title: 'The kernel does not move pages of guests between nodes',
  looksAt: '/proc/sys/kernel/numa_balancing',
  reference: 'Documentation/admin-guide/sysctl/kernel.rst, numa_balancing',
  observe({ settings }) {
    const mode = settings.numaBalancing;
    if (mode === null) return { notKnown: 'there is no /proc/sys/kernel/numa_balancing' };
    if (mode === 0) return [];
    return aboutHost(
      `numa_balancing is ${mode}: the kernel unmaps pages to see who uses them, though those of a guest are pinned and stay`,
      'sysctl -w kernel.numa_balancing=0',
      ...bootWith('numa_balancing=disable'),
    );
  },
};
