import { about, type DeviceCheck, type DeviceFacts, NOT_OPENED } from './facts.ts';
import { LAYOUT_PREDICATES } from './layouts/index.ts';

export const bar2LayoutUnknown: DeviceCheck = {
  id: 'bar2.layout-unknown',
  severity: 'fail',
  title: 'The regions are those of a known layout',
  looksAt: 'VFIO_DEVICE_GET_REGION_INFO of all regions, and NVIDIA’s DVSEC in config',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_ioctl_get_region_info',
  needsDevice: true,
  observe(facts) {
    if (facts.gpu.notOpened !== null) return NOT_OPENED;
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
