import { looksAtDvsec, RESERVED_BYTES, USABLE_ALIGNMENT } from '../../../vfio/arithmetic.ts';
import { formatBytes, nextPowerOfTwo } from '../../../vfio/bytes.ts';
import type { DeviceFacts } from '../facts.ts';
import { dvsecAgrees } from './dvsec.ts';
import { type LayoutPredicate, regionOf, sparseBytes } from './predicate.ts';

const SOURCE = 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct (Linux 6.9 to 7.3)';

/** `carveout`: region 2 is reserved memory, region 4 the rest. That both are what firmware announces is acpi.vfio-mismatch. */
export const CARVEOUT: readonly LayoutPredicate[] = [
  {
    rule: 'carveout: the usable memory is a multiple of 512 MiB, and not 0',
    source: `${SOURCE}, MEMBLK_SIZE`,
    faults: ofBoth(({ usable }) => {
      if (usable.memoryBytes > 0n && usable.memoryBytes % USABLE_ALIGNMENT === 0n) return false;
      return `region 4 holds ${formatBytes(usable.memoryBytes)}, no multiple of ${formatBytes(USABLE_ALIGNMENT)}`;
    }),
  },
  {
    rule: 'carveout: the reserved memory is at least 1 GiB and less than 1.5 GiB',
    source: `${SOURCE}, RESMEM_SIZE and what the rounding leaves`,
    faults: ofBoth(({ reserved }) => {
      const end = RESERVED_BYTES + USABLE_ALIGNMENT;
      if (reserved.memoryBytes >= RESERVED_BYTES && reserved.memoryBytes < end) return false;
      return `region 2 holds ${formatBytes(reserved.memoryBytes)}, not ${formatBytes(RESERVED_BYTES)} to less than ${formatBytes(end)}`;
    }),
  },
  {
    rule: 'carveout: region 2 is the reserved memory, rounded up to a power of two',
    source: SOURCE,
    faults: ofBoth(({ reserved }) => {
      const expected = nextPowerOfTwo(reserved.memoryBytes);
      if (reserved.barBytes === expected) return false;
      return `region 2 is ${formatBytes(reserved.barBytes)}, not ${formatBytes(expected)} for the ${formatBytes(reserved.memoryBytes)} that it holds`;
    }),
  },
  {
    rule: 'carveout: region 4 is the memory less 1 GiB, rounded up to a power of two',
    source: `${SOURCE}; before 6a9eb2d125ba (6.14, 6.12.16) what region 4 holds was rounded up`,
    faults: ofBoth(({ usable, reserved }, { host }) => {
      const lengthBytes = usable.memoryBytes + reserved.memoryBytes;
      const newer = nextPowerOfTwo(lengthBytes - RESERVED_BYTES);
      // Vendors take the newer order into older kernels, so those may have either.
      const { version } = host.kernel;
      const older = version !== null && looksAtDvsec(version) ? newer : nextPowerOfTwo(usable.memoryBytes);
      if (usable.barBytes === newer || usable.barBytes === older) return false;
      return `region 4 is ${formatBytes(usable.barBytes)}, not ${formatBytes(newer)} for ${formatBytes(lengthBytes)} less ${formatBytes(RESERVED_BYTES)}`;
    }),
  },
  dvsecAgrees('carveout'),
];

interface Part {
  memoryBytes: bigint;
  barBytes: bigint;
}

function ofBoth(
  fault: (parts: { usable: Part; reserved: Part }, facts: DeviceFacts) => string | false,
): LayoutPredicate['faults'] {
  return (facts) => {
    const [reserved, usable] = [regionOf(facts.gpu, 2), regionOf(facts.gpu, 4)].map(
      (region) => region && { memoryBytes: sparseBytes(region), barBytes: region.sizeBytes },
    );
    const what = usable && reserved && fault({ usable, reserved }, facts);
    return what ? [what] : [];
  };
}
