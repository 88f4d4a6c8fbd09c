import { formatBytes, isPowerOfTwo } from '../../../vfio/bytes.ts';
import { dvsecAgrees } from './dvsec.ts';
import { type LayoutPredicate, regionOf } from './predicate.ts';
import { roundedMemory } from './rounded-memory.ts';

/**
 * `whole`: region 4 is all memory, region 2 the physical BAR. That region 2 is as long as the BAR is bar2.region-mismatch,
 * that region 4 holds what firmware announces is acpi.vfio-mismatch.
 */
export const WHOLE: readonly LayoutPredicate[] = [
  roundedMemory(
    'whole',
    4,
    'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct without the hardware bug (6a9eb2d125ba, Linux 6.14)',
  ),
  {
    rule: 'whole: region 2 is a BAR of the device: a power of two, or nothing',
    source: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_ioctl_get_region_info: pci_resource_len',
    faults({ gpu }) {
      const region = regionOf(gpu, 2);
      if (!region || region.sizeBytes === 0n || isPowerOfTwo(region.sizeBytes)) return [];
      return [`region 2 is ${formatBytes(region.sizeBytes)}, no power of two, so it is no BAR of the device`];
    },
  },
  dvsecAgrees('whole'),
];
