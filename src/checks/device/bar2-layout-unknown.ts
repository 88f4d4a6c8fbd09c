import { about, type DeviceCheck, type DeviceFacts } from './facts.ts';
import { LAYOUT_PREDICATES } from './layouts/index.ts';

export const bar2LayoutUnknown: DeviceCheck = {
  id: 'bar2.layout-unknown',
  severity: 'fail',
  title: 'The regions are those of a known layout',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_ioctl_get_region_info',
  observe(facts) {
    const faults = layoutFaults(facts);
    if (faults.length === 0) return [];
    return about(facts, faults.join('; '), `ghpass probe ${facts.gpu.pci.address} --json   # attach it to a report`);
  },
};

function layoutFaults(facts: DeviceFacts): string[] {
  const { undecodable, memory } = facts.gpu;
  if (undecodable !== null) return [`the kernel's answer cannot be decoded: ${undecodable}`];
  if (memory.origin !== 'measured' || memory.layout === null) return [];
  return LAYOUT_PREDICATES[memory.layout].flatMap((predicate) => predicate.faults(facts));
}
