import { formatBytes } from '../../../vfio/bytes.ts';
import { type LayoutPredicate, regionOf } from './predicate.ts';

/**
 * `none`: nothing coherent is exported, so the regions are the BARs of the device. Region 2 has a finding of its own,
 * bar2.region-mismatch.
 */
export const NONE: readonly LayoutPredicate[] = [
  {
    rule: 'none: region 4 is the physical BAR4, or empty where there is none',
    source: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_ioctl_get_region_info: pci_resource_len',
    faults({ gpu }) {
      const region = regionOf(gpu, 4);
      const physical = gpu.pci.bars[4]?.lengthBytes ?? null;
      if (!region || physical === null || region.sizeBytes === physical) return [];
      return [`VFIO region 4 is ${formatBytes(region.sizeBytes)}, the physical BAR4 ${formatBytes(physical)}`];
    },
  },
];
