import { NODES_PER_GPU } from '../../plan/nodes.ts';
import { counted } from '../counted.ts';
import { about, acpiNotKnown, type DeviceCheck } from './facts.ts';

export const giCount: DeviceCheck = {
  id: 'gi.count',
  severity: 'warn',
  title: 'A guest gets as many nodes for the GPU as the host has',
  looksAt: 'nvidia,gpu-mem-pxm-count in _DSD, and the nodes of a plan',
  reference: 'QEMU b64b7ed8bb5d: one node for the GPU and one for each of seven MIG instances',
  observe(facts) {
    const { acpi } = facts.gpu;
    if (!acpi.known) return acpiNotKnown(facts.gpu) ?? [];
    if (acpi.proximityDomains === null) return { notKnown: 'firmware does not say nvidia,gpu-mem-pxm-count' };
    if (acpi.proximityDomains === NODES_PER_GPU) return [];
    return about(
      facts,
      `firmware gives the GPU ${counted(acpi.proximityDomains, 'proximity domain')}, a guest gets ${NODES_PER_GPU} nodes for it`,
      'update the firmware: MIG needs one domain for the GPU and one for each of its seven instances',
    );
  },
};
