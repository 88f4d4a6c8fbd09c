import type { GpuFunctionSpec } from './spec.ts';

/** Where nvgrace-gpu looks for readiness (C2C_LINK_BAR0_OFFSET, HBM_TRAINING_BAR0_OFFSET; Linux >= 6.14). */
export const C2C_LINK_REGISTER = 0x1498;
export const HBM_TRAINING_REGISTER = 0x200bc;

/** The driver compares the whole word with 0xFF (STATUS_READY), every second for thirty seconds. */
const READY = 0xff;
const NOT_READY = 0;

const BOOT_REGISTER = 0x0;
/** Architecture 0x18 (Hopper) in bits 24-28 of the boot register; the revision is in its low byte. */
const HOPPER = 0x18000000;

/**
 * The bytes of BAR0 from `offset` on. All registers but three read as zero: a real driver of the GPU would soon give up,
 * but the kernel's nvgrace-gpu, which only hands the function to a guest, looks at no other.
 */
export function readRegisters(spec: GpuFunctionSpec, offset: number, countBytes: number): Buffer {
  const bytes = Buffer.alloc(countBytes);
  for (const [register, value] of registers(spec)) {
    for (let i = 0; i < 4; i++) {
      const at = register + i - offset;
      if (at >= 0 && at < countBytes) bytes[at] = (value >>> (8 * i)) & 0xff;
    }
  }
  return bytes;
}

function registers(spec: GpuFunctionSpec): [register: number, value: number][] {
  return [
    [BOOT_REGISTER, HOPPER + spec.revision],
    [C2C_LINK_REGISTER, spec.c2cReady ? READY : NOT_READY],
    [HBM_TRAINING_REGISTER, spec.hbmReady ? READY : NOT_READY],
  ];
}
