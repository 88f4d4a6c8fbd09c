import type { SyntheticRegion } from './vfio-writer.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/**
 * The regions of a device whose reserved part is carved out of its memory, as the driver computes them
 * (drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct, Linux 6.14 and newer).
 */
export function carveOutRegions(bar0Bytes: bigint, memoryBytes: bigint): SyntheticRegion[] {
  const beforeRounding = memoryBytes - GIB;
  const usableBytes = beforeRounding - (beforeRounding % (512n * MIB));
  const reservedBytes = memoryBytes - usableBytes;
  return [
    { index: 0, sizeBytes: bar0Bytes, sparseBytes: null },
    { index: 2, sizeBytes: nextPowerOfTwo(reservedBytes), sparseBytes: reservedBytes },
    { index: 4, sizeBytes: nextPowerOfTwo(beforeRounding), sparseBytes: usableBytes },
  ];
}

/** The same where MIG works with cached memory: all of it is one region, and region 2 is the physical BAR. */
export function wholeRegions(bar0Bytes: bigint, bar2Bytes: bigint, memoryBytes: bigint): SyntheticRegion[] {
  return [
    { index: 0, sizeBytes: bar0Bytes, sparseBytes: null },
    { index: 2, sizeBytes: bar2Bytes, sparseBytes: null },
    { index: 4, sizeBytes: nextPowerOfTwo(memoryBytes), sparseBytes: memoryBytes },
  ];
}

/** What a device answers to a driver that knows nothing of its memory: its physical BARs. */
export function physicalRegions(bars: readonly [bigint, bigint, bigint]): SyntheticRegion[] {
  return bars.map((sizeBytes, i) => ({ index: 2 * i, sizeBytes, sparseBytes: null }));
}

export function nextPowerOfTwo(value: bigint): bigint {
  let power = 1n;
  while (power < value) power <<= 1n;
  return power;
}
