import { shellWord } from '../../host/programs/shell-word.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { DomainCheck } from './facts.ts';

export const domainMemoryHotplug: DomainCheck = {
  id: 'domain.memory-hotplug',
  severity: 'fail',
  title: 'The domain has no room for memory that is plugged in later',
  looksAt: 'maxMemory',
  reference: 'QEMU, hw/arm/virt-acpi-build.c: that room is a memory entry of the last node, which is one of a GPU',
  observe({ domain, plan }) {
    const { maxMemoryBytes } = domain;
    const last = plan.nodes.at(-1);
    if (maxMemoryBytes === null || last?.gpu == null) return [];
    return [
      {
        subject: domain.name,
        message: `maxMemory is ${formatBytes(maxMemoryBytes)}; QEMU would give the room above ${formatBytes(domain.memoryBytes)} to node ${last.id}, which is a node of ${last.gpu} and has to be empty`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # take out <maxMemory> and memory devices`],
      },
    ];
  },
};
