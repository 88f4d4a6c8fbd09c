import { aboutHost, type HostCheck } from './facts.ts';

export const numaHostNodes: HostCheck = {
  id: 'numa.host-nodes',
  severity: 'warn',
  title: 'The kernel has a node for each proximity domain of the firmware',
  looksAt: 'SRAT in /sys/firmware/acpi/tables, and /sys/devices/system/node/possible',
  reference: 'drivers/acpi/numa/srat.c, "Too many proximity domains"; CONFIG_NODES_SHIFT',
  observe({ host: { srat, numa, kernel } }) {
    if (srat === null) return { notKnown: 'SRAT is absent, or only root may read it' };
    if (numa === null) return { notKnown: 'the kernel shows no NUMA nodes' };
    const entries = [...srat.processors, ...srat.memory, ...srat.genericInitiators];
    const domains = new Set(entries.map(({ proximityDomain }) => proximityDomain)).size;
    const lost = domains - numa.possible.length;
    if (lost <= 0) return [];
    const shift = kernel.config?.get('NODES_SHIFT');
    return aboutHost(
      `firmware has ${domains} proximity domains, Linux ${kernel.release} made ${numa.possible.length} nodes${shift ? ` (CONFIG_NODES_SHIFT=${shift})` : ''}: ${lost} of them got none, and distances to GPUs are missing`,
      'boot a kernel with CONFIG_NODES_SHIFT=6',
    );
  },
};
