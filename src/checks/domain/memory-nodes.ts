import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainMemoryNodes: DomainCheck = {
  id: 'domain.memory-nodes',
  severity: 'fail',
  title: 'The memory of the domain comes from host nodes with CPUs',
  looksAt: 'numatune, and the NUMA nodes of the host',
  reference: 'memory of a GPU that the host has put online is a node, too, and goes away with the GPU',
  observe({ domain, numa }) {
    if (numa === null) return { notKnown: 'the host shows no NUMA nodes' };
    const withCpus = numa.nodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id);
    const wrong = domain.memoryHostNodes.filter((id) => !withCpus.includes(id));
    if (wrong.length === 0) return [];
    return [
      {
        subject: domain.name,
        message: `numatune names host node ${wrong.join(', ')}, which has no CPUs or is not there; those with CPUs are ${withCpus.join(', ')}`,
        remedy: [`virsh numatune ${shellWord(domain.name)} --nodeset ${withCpus.join(',')} --config`],
      },
    ];
  },
};
