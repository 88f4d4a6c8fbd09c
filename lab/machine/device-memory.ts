import type { HostDescription } from '../host-description.ts';

/** RAM of L1 that is its own. */
export const RAM_BYTES = 4n << 30n;

/** Where RAM begins on QEMU's arm `virt` machine (hw/arm/virt.c, base_memmap). */
const RAM_BASE = 1n << 30n;
const GIB = 1n << 30n;

/** One NVDIMM: physical memory of L1 that its kernel does not take as RAM. */
export interface Nvdimm {
  readonly base: bigint;
  readonly sizeBytes: bigint;
}

/**
 * Lays out one NVDIMM per GPU above the RAM. All begin on a GiB and are rounded up to one: QEMU rounds an NVDIMM's size
 * down to its own alignment, and a GPU's memory has to be inside whatever is left.
 */
export function placeDeviceMemory(host: HostDescription): readonly Nvdimm[] {
  let base = RAM_BASE + RAM_BYTES;
  return host.gpus.map((gpu) => {
    const sizeBytes = roundUp(gpu.memorySizeBytes, GIB);
    const nvdimm = { base, sizeBytes };
    base += sizeBytes;
    return nvdimm;
  });
}

/** The value of QEMU's `maxmem`: RAM and every NVDIMM; QEMU adds the room for alignment itself. */
export function maximalMemoryBytes(nvdimms: readonly Nvdimm[]): bigint {
  return nvdimms.reduce((sum, { sizeBytes }) => sum + sizeBytes, RAM_BYTES);
}

function roundUp(value: bigint, unit: bigint): bigint {
  return value === 0n ? unit : ((value + unit - 1n) / unit) * unit;
}
