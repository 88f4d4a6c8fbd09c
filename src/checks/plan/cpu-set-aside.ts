import { formatNumberList } from '../../host/numa/number-list.ts';
import type { PlanCheck } from './facts.ts';

export const cpuSetAside: PlanCheck = {
  id: 'cpu.set-aside',
  severity: 'info',
  title: 'A guest that is pinned may use all CPUs of its nodes',
  looksAt: 'isolated and nohz_full in /sys/devices/system/cpu, and Cpus_allowed_list in /proc/self/status',
  reference: 'Documentation/admin-guide/kernel-parameters.txt, isolcpus: no load balancing among isolated CPUs',
  observe({ plan, host: { numa }, settings: { cpus } }) {
    if (plan.pinning === null) return [];
    if (numa === null) return { notKnown: 'the kernel shows no NUMA nodes' };
    const hostNodes = new Set(plan.nodes.map(({ hostNode }) => hostNode));
    const near = numa.nodes.filter(({ id }) => hostNodes.has(id)).flatMap((node) => node.cpus);
    const { setAside, allowed } = cpus;
    const isolated = near.filter((cpu) => setAside.includes(cpu));
    const forbidden = near.filter((cpu) => allowed !== null && !allowed.includes(cpu) && !setAside.includes(cpu));
    return [
      ...about(isolated, 'isolcpus or nohz_full sets them aside, and the kernel would not spread vCPUs over them'),
      ...about(forbidden, 'ghpass, which starts the guest, may not use them: its cpuset or affinity has others'),
    ].map((message) => ({ subject: plan.name, message }));
  },
};

function about(cpus: readonly number[], why: string): string[] {
  return cpus.length === 0 ? [] : [`the guest is not pinned to CPUs ${formatNumberList(cpus)}: ${why}`];
}
