import { formatBytes, isPowerOfTwo } from '../../../vfio/bytes.ts';
import type { RegionInfo } from '../../../vfio/structs.ts';
import type { DeviceFacts } from '../facts.ts';
import { type LayoutPredicate, regionOf } from './predicate.ts';

/** File offsets of regions (VFIO_PCI_OFFSET_SHIFT, include/linux/vfio_pci_core.h). */
const OFFSET_SHIFT = 40n;
/** BARs are regions 0 to 5 (VFIO_PCI_BAR5_REGION_INDEX). */
const BAR_COUNT = 6;
/** sizeof(struct vfio_region_info), behind which the capabilities follow. */
const INFO_BYTES = 32;
/** The sparse-mmap capability: header, count and padding, and 16 bytes for each area. */
const CAPABILITY_BYTES = 16;
const AREA_BYTES = 16;

const GET_REGION_INFO = 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_ioctl_get_region_info (Linux 6.9 to 7.3)';

/** What holds of every region that the variant driver made, whatever the layout: a BAR with one sparse area. */
export const SPECIAL_REGION: readonly LayoutPredicate[] = [
  {
    rule: 'a special region can be read, written and mapped, and has capabilities',
    source: GET_REGION_INFO,
    faults: ofEach((region) => {
      const missing = ['read', 'write', 'mmap', 'caps'].filter((flag) => !region.flags.includes(flag));
      return missing.length > 0 && `lacks ${missing.join(', ')}`;
    }),
  },
  {
    rule: 'a special region is at the file offset of its index',
    source: 'include/linux/vfio_pci_core.h, VFIO_PCI_INDEX_TO_OFFSET',
    faults: ofEach(
      ({ index, offset }) => offset !== BigInt(index) << OFFSET_SHIFT && `is at offset ${offset}, not ${index} << 40`,
    ),
  },
  {
    rule: 'the length of a special region is a power of two',
    source: 'drivers/vfio/pci/nvgrace-gpu/main.c: roundup_pow_of_two, because a BAR has no other length',
    faults: ofEach(({ sizeBytes }) => !isPowerOfTwo(sizeBytes) && `is ${formatBytes(sizeBytes)}, no power of two`),
  },
  {
    rule: 'a special region has one sparse area',
    source: GET_REGION_INFO,
    faults: ofEach(
      ({ sparseAreas }) => sparseAreas?.length !== 1 && `has ${sparseAreas?.length} sparse areas, not one`,
    ),
  },
  {
    rule: 'the sparse area begins at 0, is not empty and fits the region',
    source: GET_REGION_INFO,
    faults: ofEach(({ sizeBytes, sparseAreas }) => {
      const [area, ...others] = sparseAreas ?? [];
      if (area === undefined || others.length > 0) return false;
      const fits = area.offsetBytes === 0n && area.sizeBytes > 0n && area.sizeBytes <= sizeBytes;
      return (
        !fits &&
        `of ${formatBytes(sizeBytes)} has a sparse area of ${formatBytes(area.sizeBytes)} at ${area.offsetBytes}`
      );
    }),
  },
  {
    rule: 'the sparse-mmap capability has version 1',
    source: GET_REGION_INFO,
    faults: ofEach(({ capabilities }) => {
      const version = capabilities.find(({ name }) => name === 'sparse-mmap')?.version;
      return version !== 1 && `has version ${version} of the sparse-mmap capability, not 1`;
    }),
  },
  {
    rule: 'the answer is the structure and the sparse-mmap capability, and nothing else',
    source: 'seen with Linux 6.12.107 and 7.3.4: argsz 64, cap_offset 32',
    faults: ofEach(({ answerBytes, capabilityOffset, sparseAreas }) => {
      const expected = INFO_BYTES + CAPABILITY_BYTES + AREA_BYTES * (sparseAreas?.length ?? 0);
      if (capabilityOffset === INFO_BYTES && answerBytes === expected) return false;
      return `is answered with ${answerBytes} bytes and capabilities at ${capabilityOffset}, not ${expected} and ${INFO_BYTES}`;
    }),
  },
  {
    rule: 'a special region is a 64-bit BAR: the region behind it is empty',
    source: 'PCI Local Bus 3.0, 6.2.5.1: the second register holds the upper half of the address',
    faults: (facts) =>
      specialRegions(facts).flatMap(({ index }) => {
        const upper = regionOf(facts.gpu, index + 1);
        if (!upper || upper.sizeBytes === 0n) return [];
        return `region ${upper.index} is ${formatBytes(upper.sizeBytes)}, not the upper half of region ${index}`;
      }),
  },
];

function specialRegions({ gpu }: DeviceFacts): RegionInfo[] {
  return gpu.regions.filter(({ sparseAreas, index }) => sparseAreas !== null && index < BAR_COUNT);
}

function ofEach(fault: (region: RegionInfo) => string | false): LayoutPredicate['faults'] {
  return (facts) =>
    specialRegions(facts).flatMap((region) => {
      const what = fault(region);
      return what === false ? [] : `region ${region.index} ${what}`;
    });
}
