import { isPowerOfTwo } from './bytes.ts';
import { isNvlinkMemory, isNvlinkRegister } from './nvlink-regions.ts';
import type { RegionInfo } from './structs.ts';

/**
 * How the coherent memory is laid out over the regions:
 * `carveout` reserved memory in region 2 and usable in 4; `whole` everything in region 4, region 2 is the physical BAR;
 * `aperture` everything in region 2; `pad-bars` a region as long as the memory, to be padded by the VMM;
 * `nvlink2` POWER9 and V100; `none` nothing coherent is exported.
 */
export const LAYOUTS = ['carveout', 'whole', 'aperture', 'pad-bars', 'nvlink2', 'none'] as const;
export type Layout = (typeof LAYOUTS)[number];

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
  if (regions.some((candidate) => isNvlinkMemory(candidate) || isNvlinkRegister(candidate))) return 'nvlink2';
  return paddedRegion(regions) === null ? 'none' : 'pad-bars';
}

/** The region whose length is no power of two, so that the VMM has to pad it; null where there is none. */
export function paddedRegion(regions: readonly RegionInfo[]): 2 | 4 | null {
  const isPadded = (index: 2 | 4) => {
    const sizeBytes = regions.find((region) => region.index === index)?.sizeBytes ?? 0n;
    return sizeBytes !== 0n && !isPowerOfTwo(sizeBytes);
  };
  if (isPadded(2)) return 2;
  return isPadded(4) ? 4 : null;
}
