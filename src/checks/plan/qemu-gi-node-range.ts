import type { PlanCheck } from './facts.ts';

/** QEMU's MAX_NODES (include/sysemu/numa.h; include/system/numa.h since 10.0). */
const MAX_NODES = 128;

export const qemuGiNodeRange: PlanCheck = {
  id: 'qemu.gi-node-range',
  severity: 'fail',
  title: 'QEMU has room for all nodes of the guest',
  looksAt: 'nodes of the guest',
  reference: 'QEMU, hw/core/numa.c, parse_numa_node: "Max number of NUMA nodes reached"',
  observe({ plan: { name, nodes, gpus } }) {
    if (nodes.length <= MAX_NODES) return [];
    const ofGpus = nodes.filter(({ gpu }) => gpu !== null).length / gpus.length;
    const most = Math.floor((MAX_NODES - (nodes.length - ofGpus * gpus.length)) / ofGpus);
    return [
      {
        subject: name,
        message: `the guest has ${nodes.length} nodes, QEMU takes ${MAX_NODES}: it would not start`,
        remedy: [`give the guest at most ${most} GPUs`],
      },
    ];
  },
};
