import { driverArithmetic, looksAtDvsec } from '../../vfio/arithmetic.ts';
import { formatBytes, isPowerOfTwo } from '../../vfio/bytes.ts';
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
  return [...special.flatMap(shapeFaults), ...arithmeticFaults(gpu, kernel)];
}

function shapeFaults(region: RegionInfo): string[] {
  const faults: string[] = [];
  const name = `region ${region.index}`;
  const missing = ['read', 'write', 'mmap', 'caps'].filter((flag) => !region.flags.includes(flag));
  if (missing.length > 0) faults.push(`${name} lacks ${missing.join(', ')}`);
  if (region.offset !== BigInt(region.index) << OFFSET_SHIFT) faults.push(`${name} is at offset ${region.offset}`);
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
  if ((layout !== 'carveout' && layout !== 'whole') || lengthBytes === null || !usable) return [];
  const candidates = kernel === null ? [true, false] : [looksAtDvsec(kernel)];
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
  if (agrees) return [];
  const shown = [usable, reserved].flatMap((part) =>
    part ? `region ${part.region} holds ${formatBytes(part.sizeBytes)} in a BAR of ${formatBytes(part.barBytes)}` : [],
  );
  return [`${shown.join(', ')}: not what the driver makes of ${formatBytes(lengthBytes)}`];
}
