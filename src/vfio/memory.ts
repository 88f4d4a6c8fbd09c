import type { KernelFacts } from '../host/kernel/kernel.ts';
import { migWorksWithCachedMemory } from '../host/pci/dvsec.ts';
import type { PciFunction } from '../host/pci/pci.ts';
import type { AcpiMemory } from './acpi-memory.ts';
import { type DriverArithmetic, driverArithmetic, looksAtDvsec, type SpecialRegion } from './arithmetic.ts';
import { nextPowerOfTwo } from './bytes.ts';
import { decideLayout, type Layout, paddedRegion } from './layout.ts';
import type { RegionInfo } from './structs.ts';

/** The coherent memory of one GPU as the guest will get it. All of it is measured, or all of it is predicted. */
export interface DeviceMemory {
  origin: 'measured' | 'predicted';
  /**
   * Null where nothing is known: the device was not opened and firmware's tables could not be read, or the device was opened
   * and its answer could not be.
   */
  layout: Layout | null;
  usable: SpecialRegion | null;
  reserved: SpecialRegion | null;
  /** Why the driver's probe will fail; only ever predicted. */
  bindError: { errno: 'EOVERFLOW' | 'EINVAL'; why: string } | null;
}

/** The memory out of the regions of an opened device. */
export function measureMemory(regions: readonly RegionInfo[]): DeviceMemory {
  const layout = decideLayout(regions);
  const measured = { origin: 'measured', layout, bindError: null } as const;
  switch (layout) {
    case 'carveout':
      return { ...measured, usable: special(regions, 4), reserved: special(regions, 2) };
    case 'whole':
      return { ...measured, usable: special(regions, 4), reserved: null };
    case 'aperture':
      return { ...measured, usable: special(regions, 2), reserved: null };
    case 'pad-bars':
      return { ...measured, usable: padded(special(regions, paddedRegion(regions) ?? 2)), reserved: null };
    default:
      return { ...measured, usable: null, reserved: null };
  }
}

/** The memory of an opened device whose answer could not be decoded: not "none", but not known. */
export function unknownMemory(): DeviceMemory {
  return { origin: 'measured', layout: null, usable: null, reserved: null, bindError: null };
}

/** What the driver would make of the memory that firmware announces, for a device that was not opened. */
export function predictMemory(acpi: AcpiMemory, gpu: PciFunction, kernel: KernelFacts): DeviceMemory {
  const nothing = { origin: 'predicted', usable: null, reserved: null, bindError: null } as const;
  if (!acpi.known) return { ...nothing, layout: null };
  if (acpi.base === null || !acpi.sizeBytes) return { ...nothing, layout: 'none' };
  const prediction = predictArithmetic({ base: acpi.base, lengthBytes: acpi.sizeBytes }, gpu, kernel);
  if (prediction === null) return { ...nothing, layout: null };
  if ('bindErrno' in prediction) {
    return { ...nothing, layout: null, bindError: { errno: prediction.bindErrno, why: prediction.why } };
  }
  return { ...nothing, layout: prediction.reserved ? 'carveout' : 'whole', ...prediction };
}

/** @returns null where the DVSEC bit decides and could not be read. */
function predictArithmetic(
  memory: { base: bigint; lengthBytes: bigint },
  gpu: PciFunction,
  kernel: KernelFacts,
): DriverArithmetic | null {
  const current = looksAtDvsec(kernel.version);
  const cached = gpu.config === null ? null : migWorksWithCachedMemory(gpu.config);
  if (current && cached === null) return null;
  return driverArithmetic({ ...memory, carveOut: !(current && cached), barBeforeRounding: current });
}

function special(regions: readonly RegionInfo[], index: 2 | 4): SpecialRegion | null {
  const region = regions.find((candidate) => candidate.index === index);
  if (!region) return null;
  const sizeBytes = region.sparseAreas?.reduce((sum, area) => sum + area.sizeBytes, 0n) ?? region.sizeBytes;
  return { region: index, sizeBytes, barBytes: region.sizeBytes };
}

function padded(part: SpecialRegion | null): SpecialRegion | null {
  return part && { ...part, barBytes: nextPowerOfTwo(part.barBytes) };
}
