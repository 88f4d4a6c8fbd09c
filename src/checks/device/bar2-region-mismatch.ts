import { formatBytes } from '../../vfio/bytes.ts';
import { physicalBar2Bytes } from '../../vfio/gpu.ts';
import { about, type DeviceCheck } from './facts.ts';

export const bar2RegionMismatch: DeviceCheck = {
  id: 'bar2.region-mismatch',
  severity: 'fail',
  title: 'Where region 2 is the physical BAR2, both have the same length',
  reference: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_ioctl_get_region_info',
  observe(facts) {
    const { memory, regions } = facts.gpu;
    if (memory.origin !== 'measured' || (memory.layout !== 'whole' && memory.layout !== 'none')) return [];
    const region = regions.find(({ index }) => index === 2);
    const physical = physicalBar2Bytes(facts.gpu);
    if (!region || region.sizeBytes === physical) return [];
    return about(
      facts,
      `VFIO region 2 is ${formatBytes(region.sizeBytes)}, the physical BAR2 ${formatBytes(physical)}`,
      'was the BAR resized after the driver was bound? Release and bind it again:',
      `ghpass release ${facts.gpu.pci.address}`,
      `ghpass bind ${facts.gpu.pci.address}`,
    );
  },
};
