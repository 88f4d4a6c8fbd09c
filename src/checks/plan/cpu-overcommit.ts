import { parseNumberList } from '../../host/numa/number-list.ts';
import type { PlanCheck, PlanFacts } from './facts.ts';

export const cpuOvercommit: PlanCheck = {
  id: 'cpu.overcommit',
  severity: 'warn',
  title: 'Each vCPU has a CPU of its own on the node that its memory comes from',
  looksAt: 'cpulist of the nodes that the guest is bound to, less what a pinned guest may not use',
  reference: 'Documentation/admin-guide/mm/numaperf.rst: memory of another node is further away',
  observe({ plan, host: { numa } }) {
    if (numa === null) return { notKnown: 'the kernel shows no NUMA nodes' };
    const sharers = plan.nodes.filter(({ cpus }) => cpus !== null).length;
    return plan.nodes.flatMap(({ cpus, hostNode }) => {
      if (cpus === null || hostNode === null) return [];
      const wanted = cpus.length;
      const there = cpusFor(cpus[0] ?? 0, hostNode, { plan, numa });
      if (wanted <= there) return [];
      const which = plan.pinning === null ? 'CPUs' : 'CPUs to pin them to';
      return [
        {
          subject: plan.name,
          message: `${wanted} vCPUs have their memory on node ${hostNode}, which has ${there} ${which}: ${plan.pinning === null ? 'some run far from it' : 'they wait for each other'}`,
          remedy: [`--vcpus ${there * sharers}`],
        },
      ];
    });
  },
};

function cpusFor(
  vcpu: number,
  hostNode: number,
  { plan: { pinning }, numa }: { plan: PlanFacts['plan']; numa: NonNullable<PlanFacts['host']['numa']> },
): number {
  const pinned = pinning?.vcpus[vcpu];
  if (pinned !== undefined) return parseNumberList(pinned)?.length ?? 0;
  return numa.nodes.find(({ id }) => id === hostNode)?.cpus.length ?? 0;
}
