import type { Scenario } from './fake-kernel.ts';
import { CDEV_HOST, regionInfo } from './recorded-device.ts';

export const NODE = '/dev/vfio/devices/vfio3';
export const MIB = 1 << 20;

/** Where the command register is in the device's file: at 4 in region 7. */
export const COMMAND = `2 ${((7n << 40n) + 4n).toString(16)}`;

/** Arguments for the memory of {@link memoryHost}. */
export const USABLE = `4:0:${24 * MIB}:cached`;
export const RESERVED = `2:0:${MIB}:combined`;
export const BOTH = ['--area', USABLE, '--area', RESERVED];

/**
 * 24 MiB of usable memory in a region of 32 MiB, 1 MiB of reserved memory that fills its region, decoding switched on.
 * @param faults of the usable memory, as fake-memory.c has them.
 */
export function memoryHost(faults = '', usableBytes = 24 * MIB): Scenario {
  return {
    ...CDEV_HOST,
    [`ioctl ${NODE} 3b6c 2`]: `bytes ${regionInfo(2, 0xf, BigInt(MIB))}`,
    [`ioctl ${NODE} 3b6c 4`]: `bytes ${regionInfo(4, 0xf, BigInt(32 * MIB))}`,
    [`pread ${NODE} ${COMMAND}`]: 'bytes 0604',
    [`pwrite ${NODE} ${COMMAND}`]: 'return 2',
    [`memory ${NODE} ${2n << 40n}`]: `${MIB} of ${MIB}`,
    [`memory ${NODE} ${4n << 40n}`]: `${usableBytes} of ${32 * MIB} ${faults}`.trimEnd(),
  };
}
