import { driverArithmetic, looksAtDvsec } from '../../vfio/arithmetic.ts';
import { formatBytes, isPowerOfTwo, nextPowerOfTwo } from '../../vfio/bytes.ts';
import { type GpuFacts, measuredBytes } from '../../vfio/gpu.ts';
import type { RegionInfo } from '../../vfio/structs.ts';

/** File offsets of regions (VFIO_PCI_OFFSET_SHIFT, include/linux/vfio_pci_core.h). */
const OFFSET_SHIFT = 40n;

/**
 * What is wrong with the special regions of an opened device: each must look as the driver makes it, and their sizes must
 * be those that the driver's arithmetic gives for the memory that they hold.
 */
export function specialRegionFaults(gpu: GpuFacts, kernel: readonly [number, number, number] | null): string[] {
  const special = gpu.regions.filter((region) => region.sparseAreas !== null && region.index < 6);
  return [...special.flatMap(shapeFaults), ...upperHalfFaults(gpu, special), ...arithmeticFaults(gpu, kernel)];
}

/** A special region is a 64-bit BAR: the region behind it is the upper half of the register, and has no length. */
function upperHalfFaults({ regions }: GpuFacts, special: readonly RegionInfo[]): string[] {
  return special.flatMap(({ index }) => {
    const upper = regions.find((region) => region.index === index + 1);
    return upper && upper.sizeBytes > 0n
      ? [`region ${upper.index} is ${formatBytes(upper.sizeBytes)}, not the upper half of region ${index}`]
      : [];
  });
}

function shapeFaults(region: RegionInfo): string[] {
  const faults: string[] = [];
  const name = `region ${region.index}`;
  const missing = ['read', 'write', 'mmap', 'caps'].filter((flag) => !region.flags.includes(flag));
  if (missing.length > 0) faults.push(`${name} lacks ${missing.join(', ')}`);
  if (region.offset !== BigInt(region.index) << OFFSET_SHIFT) faults.push(`${name} is at offset ${region.offset}`);
  const version = region.capabilities.find(({ name: capability }) => capability === 'sparse-mmap')?.version;
  if (version !== 1) faults.push(`${name} has version ${version} of the sparse-mmap capability, not 1`);
  if (!isPowerOfTwo(region.sizeBytes)) faults.push(`${name} is ${formatBytes(region.sizeBytes)}, no power of two`);
  const [area, ...others] = region.sparseAreas ?? [];
  if (area === undefined || others.length > 0) {
    faults.push(`${name} has ${region.sparseAreas?.length ?? 0} sparse areas, not one`);
  } else if (area.offsetBytes !== 0n || area.sizeBytes === 0n || area.sizeBytes > region.sizeBytes) {
    faults.push(
      `${name} of ${formatBytes(region.sizeBytes)} has a sparse area of ${formatBytes(area.sizeBytes)} at ${area.offsetBytes}`,
    );
  }
  return faults;
}

function arithmeticFaults(gpu: GpuFacts, kernel: readonly [number, number, number] | null): string[] {
  const { layout, usable, reserved } = gpu.memory;
  const lengthBytes = measuredBytes(gpu);
  if (lengthBytes === null || !usable) return [];
  if (layout === 'aperture' && usable.barBytes !== nextPowerOfTwo(lengthBytes)) return [describe(gpu, lengthBytes)];
  if (layout !== 'carveout' && layout !== 'whole') return [];
  // Vendors take the newer order into older kernels, so those may have either.
  const candidates = kernel !== null && looksAtDvsec(kernel) ? [true] : [true, false];
  const expected = candidates.map((barBeforeRounding) =>
    driverArithmetic({ lengthBytes, carveOut: layout === 'carveout', barBeforeRounding }),
  );
  const agrees = expected.some(
    (prediction) =>
      'usable' in prediction &&
      prediction.usable.sizeBytes === usable.sizeBytes &&
      prediction.usable.barBytes === usable.barBytes &&
      prediction.reserved?.sizeBytes === reserved?.sizeBytes &&
      prediction.reserved?.barBytes === reserved?.barBytes,
  );
  return agrees ? [] : [describe(gpu, lengthBytes)];
}

function describe({ memory: { usable, reserved } }: GpuFacts, lengthBytes: bigint): string {
  const shown = [usable, reserved].flatMap((part) =>
    part ? `region ${part.region} holds ${formatBytes(part.sizeBytes)} in a BAR of ${formatBytes(part.barBytes)}` : [],
  );
  return `${shown.join(', ')}: not what the driver makes of ${formatBytes(lengthBytes)}`;
}
