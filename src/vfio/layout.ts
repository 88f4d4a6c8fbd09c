import { isPowerOfTwo } from './bytes.ts';
import type { RegionInfo } from './structs.ts';

/**
 * How the coherent memory is laid out over the regions:
 * `carveout` reserved memory in region 2 and usable in 4; `whole` everything in region 4, region 2 is the physical BAR;
 * `aperture` everything in region 2; `pad-bars` a region as long as the memory, to be padded by the VMM;
 * `nvlink2` POWER9 and V100; `none` nothing coherent is exported.
 */
export type Layout = 'carveout' | 'whole' | 'aperture' | 'pad-bars' | 'nvlink2' | 'none';

/** Regions from here on are the device's own, found by type. */
const FIRST_VENDOR_REGION = 9;
const TYPE_CAPABILITY = 2;

/**
 * The layout, from what the regions say and from nothing else: never from the device id. The sparse-mmap capability
 * tells, not the CAPS flag, which vfio-pci also sets for MSI-X.
 */
export function decideLayout(regions: readonly RegionInfo[]): Layout {
  const region = (index: number) => regions.find((candidate) => candidate.index === index);
  const sparse2 = region(2)?.sparseAreas != null;
  const sparse4 = region(4)?.sparseAreas != null;
  if (sparse4) return sparse2 ? 'carveout' : 'whole';
  if (sparse2) return 'aperture';
  const isTyped = ({ index, capabilities }: RegionInfo) =>
    index >= FIRST_VENDOR_REGION && capabilities.some(({ id }) => id === TYPE_CAPABILITY);
  if (regions.some(isTyped)) return 'nvlink2';
  const isPadded = (size: bigint) => size !== 0n && !isPowerOfTwo(size);
  return isPadded(region(2)?.sizeBytes ?? 0n) || isPadded(region(4)?.sizeBytes ?? 0n) ? 'pad-bars' : 'none';
}
