import { compareVersions, type KernelFacts } from '../host/kernel/kernel.ts';
import type { NvlinkFacts } from '../host/pci/nvlink.ts';
import type { DeviceMemory } from './memory.ts';
import { isNvlinkMemory } from './nvlink-regions.ts';
import type { RegionInfo } from './structs.ts';

/** Kernels whose vfio-pci exports NVLink2 memory: from 7f92891778df (5.0) until b392a1989170 removed it (5.13). */
const FIRST_KERNEL = [5, 0] as const;
const FIRST_KERNEL_WITHOUT = [5, 13] as const;

/** What can still run it: the kernels above, and QEMU from ec132efaa81f until 44fa20c928 removed it. */
export const NVLINK2_STACK = 'Linux 5.0 to 5.12 and QEMU 4.1 to 8.1';

/** @returns null where the version is not known. */
export function exportsNvlinkMemory({ version }: KernelFacts): boolean | null {
  if (version === null) return null;
  return compareVersions(version, FIRST_KERNEL) >= 0 && compareVersions(version, FIRST_KERNEL_WITHOUT) < 0;
}

/** What vfio-pci would make of a GPU that was not opened. There is no BAR to predict: the memory is a region of its own. */
export function predictNvlinkMemory({ bridges, window, target }: NvlinkFacts, kernel: KernelFacts): DeviceMemory {
  const nothing = { origin: 'predicted', usable: null, reserved: null, bindError: null } as const;
  const exported = exportsNvlinkMemory(kernel);
  if (exported === null) return { ...nothing, layout: null };
  return { ...nothing, layout: exported && bridges.length > 0 && window && target !== null ? 'nvlink2' : 'none' };
}

/** Length of the window that the regions hold; null where none does. */
export function nvlinkMemoryBytes(regions: readonly RegionInfo[]): bigint | null {
  return regions.find(isNvlinkMemory)?.sizeBytes ?? null;
}
