import { formatBytes, isPowerOfTwo } from '../../../vfio/bytes.ts';
import type { DeviceFacts } from '../facts.ts';
import { type LayoutPredicate, regionOf } from './predicate.ts';

const SOURCE = 'vfio/nvgrace-gpu, proposal of June 2023 (VFIO_DEVICE_FEATURE_PCI_PAD_BARS); never merged';

/**
 * `pad-bars`: a region as long as the memory, without a sparse area; that the guest's BAR is longer, and reads 0 there, is the
 * VMM's affair. That the region is what firmware announces is acpi.vfio-mismatch.
 */
export const PAD_BARS: readonly LayoutPredicate[] = [
  {
    rule: 'pad-bars: the padded region can be read, written and mapped',
    source: SOURCE,
    faults(facts) {
      const region = paddedRegionOf(facts);
      const missing = ['read', 'write', 'mmap'].filter((flag) => !region?.flags.includes(flag));
      return region && missing.length > 0 ? [`region ${region.index} lacks ${missing.join(', ')}`] : [];
    },
  },
  {
    rule: 'pad-bars: the padded region is a 64-bit BAR: the region behind it is empty',
    source: SOURCE,
    faults(facts) {
      const region = paddedRegionOf(facts);
      const upper = region && regionOf(facts.gpu, region.index + 1);
      if (!upper || upper.sizeBytes === 0n) return [];
      return [`region ${upper.index} is ${formatBytes(upper.sizeBytes)}, not the upper half of region ${region.index}`];
    },
  },
  {
    rule: 'pad-bars: one region is padded, not both',
    source: SOURCE,
    faults({ gpu }) {
      const padded = [2, 4].flatMap((index) => {
        const bytes = regionOf(gpu, index)?.sizeBytes ?? 0n;
        return bytes === 0n || isPowerOfTwo(bytes) ? [] : `region ${index} is ${formatBytes(bytes)}`;
      });
      return padded.length > 1 ? [`${padded.join(' and ')}, both no powers of two: one of them holds the memory`] : [];
    },
  },
];

function paddedRegionOf({ gpu }: DeviceFacts) {
  return gpu.memory.usable ? regionOf(gpu, gpu.memory.usable.region) : null;
}
