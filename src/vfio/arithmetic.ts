import { GIB, MIB, nextPowerOfTwo } from './bytes.ts';

/** Reserved, uncached memory that the driver splits off where MIG needs it (nvgrace-gpu/main.c, RESMEM_SIZE). */
export const RESERVED_BYTES = 1n * GIB;
/** Granularity of the usable part: the largest page of a 64 KiB kernel (nvgrace-gpu/main.c, MEMBLK_SIZE). */
export const USABLE_ALIGNMENT = 512n * MIB;

/** The driver adds base and usable length in 64 bits, and checks for the overflow. */
const LAST_ADDRESS = (1n << 64n) - 1n;

/** One special region: how much of it is memory, and how long the BAR around it is. */
export interface SpecialRegion {
  region: 2 | 4;
  /** Mappable bytes. */
  sizeBytes: bigint;
  /** Length of the BAR in the guest: that of the region, which the VMM rounds up in the `pad-bars` layout. */
  barBytes: bigint;
}

/** What the driver makes of the coherent memory, or the errno with which its probe ends. */
export type DriverArithmetic =
  | { usable: SpecialRegion; reserved: SpecialRegion | null }
  | { bindErrno: 'EOVERFLOW' | 'EINVAL'; why: string };

/** What decides the arithmetic beside the length of the memory. */
export interface ArithmeticInput {
  /** Where the memory starts; left out where only the lengths are of interest. */
  base?: bigint;
  lengthBytes: bigint;
  /** The DVSEC bit is clear or absent, or the kernel does not look at it. */
  carveOut: boolean;
  /** The usable BAR is rounded up before the memory is rounded down to 512 MiB. */
  barBeforeRounding: boolean;
}

/**
 * The regions that nvgrace_gpu_vfio_pci makes of `lengthBytes` of coherent memory
 * (drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct, Linux 6.9 to 7.3).
 */
export function driverArithmetic(input: ArithmeticInput): DriverArithmetic {
  const { base = 0n, lengthBytes, carveOut, barBeforeRounding } = input;
  if (!carveOut) {
    return { usable: { region: 4, sizeBytes: lengthBytes, barBytes: nextPowerOfTwo(lengthBytes) }, reserved: null };
  }
  const beforeRounding = lengthBytes - RESERVED_BYTES;
  if (beforeRounding < 0n) return { bindErrno: 'EOVERFLOW', why: 'less than the 1 GiB that the driver reserves' };
  const usableBytes = beforeRounding - (beforeRounding % USABLE_ALIGNMENT);
  if (usableBytes === 0n) return { bindErrno: 'EINVAL', why: 'less than 1 GiB reserved plus 512 MiB usable' };
  if (base + usableBytes > LAST_ADDRESS) return { bindErrno: 'EOVERFLOW', why: 'which end beyond 64 bits of address' };
  const reservedBytes = lengthBytes - usableBytes;
  return {
    usable: {
      region: 4,
      sizeBytes: usableBytes,
      barBytes: nextPowerOfTwo(barBeforeRounding ? beforeRounding : usableBytes),
    },
    reserved: { region: 2, sizeBytes: reservedBytes, barBytes: nextPowerOfTwo(reservedBytes) },
  };
}

/**
 * Whether the kernel's driver looks at the DVSEC bit and rounds the usable BAR before the memory: both came together with
 * bd53764a60ad and 6a9eb2d125ba, in Linux 6.14 and 6.12.16.
 * @param version of the kernel; an unknown one is taken for a current one.
 */
export function looksAtDvsec(version: readonly [number, number, number] | null): boolean {
  if (version === null) return true;
  const [major, minor, patch] = version;
  if (major !== 6) return major > 6;
  return minor >= 14 || (minor === 12 && patch >= 16);
}
