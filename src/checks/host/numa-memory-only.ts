import { formatBytes } from '../../vfio/bytes.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const numaMemoryOnly: HostCheck = {
  id: 'numa.memory-only',
  severity: 'fail',
  title: 'The host has no memory of a GPU in use as its own',
  looksAt: 'cpulist and meminfo of all nodes in /sys/devices/system/node',
  reference: 'kubernetes/enhancements#5726; open-gpu-kernel-modules puts GPU memory online as nodes without CPUs',
  observe({ host: { numa } }) {
    if (numa === null) return { notKnown: 'the kernel shows no NUMA nodes' };
    const nodes = numa.nodes.filter(({ cpus, memoryBytes }) => cpus.length === 0 && memoryBytes);
    if (nodes.length === 0) return [];
    const list = nodes.map(({ id, memoryBytes }) => `node ${id} with ${formatBytes(memoryBytes ?? 0n)}`).join(', ');
    const withCpus = numa.nodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id);
    return aboutHost(
      `memory without CPUs is online: ${list}; programs and guests may be placed in the memory of a GPU`,
      'modprobe -r nvidia_uvm nvidia   # gives it back',
      `numactl --membind=${withCpus.join(',')} …   # for everything that stays`,
    );
  },
};
