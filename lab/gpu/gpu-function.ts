import {
  buildConfigSpace,
  CONFIG_SPACE_BYTES,
  DEVICE_CONTROL,
  PM_CONTROL,
  writableConfigBits,
} from './config-space.ts';
import { readRegisters } from './registers.ts';
import { bar0Bytes, type GpuFunctionSpec } from './spec.ts';

/** VFIO's numbering of a PCI function's regions: BAR0-5, expansion ROM, configuration space, VGA (linux/vfio.h). */
export const REGION_COUNT = 9;
export const CONFIG_REGION = 7;

const INITIATE_FLR = 0x8000;
const POWER_STATE = 0x3;

/** The played function: what its regions hold, and the little of it that a client can change. */
export interface GpuFunction {
  /** The length of each region, by VFIO's index; 0n where the function has none. */
  readonly regionBytes: readonly bigint[];
  /** The caller has checked that the range lies inside the region. */
  read(region: number, offset: bigint, countBytes: number): Buffer;
  write(region: number, offset: bigint, data: Buffer): void;
  /** Puts everything writable back to its value after power-on. */
  reset(): void;
}

/**
 * Brings a function to life. Only configuration space has state. BAR2 and BAR4 read as zeros and forget what is written:
 * the memory that a guest gets is not behind them, it is where the firmware's `_DSD` says.
 * An FLR, and the way from D3hot back to D0 (No_Soft_Reset is clear), reset the function as PCI Express 5.0 asks.
 */
export function createGpuFunction(spec: GpuFunctionSpec): GpuFunction {
  const initial = buildConfigSpace(spec);
  const writable = writableConfigBits();
  const config = Buffer.from(initial);
  const reset = () => void initial.copy(config);

  const writeConfig = (offset: number, data: Buffer) => {
    const powerBefore = config.readUInt16LE(PM_CONTROL) & POWER_STATE;
    for (const [i, byte] of data.entries()) {
      const mask = writable[offset + i] ?? 0;
      config[offset + i] = ((config[offset + i] ?? 0) & ~mask) | (byte & mask);
    }
    const poweredUp = powerBefore === 3 && (config.readUInt16LE(PM_CONTROL) & POWER_STATE) === 0;
    if (poweredUp || startsFlr(offset, data)) reset();
  };

  return {
    regionBytes: [bar0Bytes(spec), 0n, spec.bar2Bytes, 0n, spec.bar4Bytes, 0n, 0n, BigInt(CONFIG_SPACE_BYTES), 0n],
    read(region, offset, countBytes) {
      if (region === 0) return readRegisters(spec, Number(offset), countBytes);
      if (region === CONFIG_REGION) return Buffer.from(config.subarray(Number(offset), Number(offset) + countBytes));
      return Buffer.alloc(countBytes);
    },
    write(region, offset, data) {
      if (region === CONFIG_REGION) writeConfig(Number(offset), data);
    },
    reset,
  };
}

function startsFlr(offset: number, data: Buffer): boolean {
  const highByte = data[DEVICE_CONTROL + 1 - offset] ?? 0;
  return ((highByte << 8) & INITIATE_FLR) !== 0;
}
