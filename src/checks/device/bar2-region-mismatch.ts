import { bar2Lengths, breaks } from '../../vfio/bar2.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { type DeviceCheck, memoryNotKnown, NOT_OPENED } from './facts.ts';

export const bar2RegionMismatch: DeviceCheck = {
  id: 'bar2.region-mismatch',
  severity: 'fail',
  title: 'Where region 2 is the physical BAR2, both have the same length',
  looksAt: 'third line of resource, and VFIO region 2',
  reference: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_ioctl_get_region_info',
  needsDevice: true,
  observe({ gpu }) {
    const { regionBytes, physicalBytes } = bar2Lengths(gpu);
    if (gpu.notOpened !== null) return NOT_OPENED;
    if (gpu.memory.layout === null) return memoryNotKnown(gpu) ?? [];
    if (regionBytes === null || !breaks(gpu, 'region = length')) return [];
    const { address } = gpu.pci;
    return [
      {
        subject: address,
        // The early driver rounded the memory up by itself, and its review only expected the two to be equal.
        severity: gpu.memory.layout === 'aperture' ? 'warn' : 'fail',
        message: `VFIO region 2 is ${formatBytes(regionBytes)}, the physical BAR2 ${formatBytes(physicalBytes)}`,
        remedy: [
          'was the BAR resized after the driver was bound? Release and bind it again:',
          `ghpass release ${address}`,
          `ghpass bind ${address}`,
        ],
      },
    ];
  },
};
