/** What the played PCI function is like: its identity, its BARs, and what its firmware and links claim. */
export interface GpuFunctionSpec {
  /** PCI device id under vendor 10de, for example 0x2342 (GH200 120GB). */
  readonly deviceId: number;
  /** PCI subsystem id under vendor 10de, for example 0x16eb. */
  readonly subsystemId: number;
  readonly revision: number;
  /** BAR0, the registers. 16 MiB where left out. */
  readonly bar0Bytes?: bigint;
  /** The physical BAR2; 0n means that the function has none. */
  readonly bar2Bytes: bigint;
  /** The physical BAR4; 0n means that the function has none. */
  readonly bar4Bytes: bigint;
  /** NVIDIA's DVSEC 3 with bit 0 set: this GPU needs no carve-out, so the kernel shows the `whole` layout. */
  readonly dvsec: boolean;
  /** Whether the C2C link reports that it is up (Linux >= 6.14 waits for it). */
  readonly c2cReady: boolean;
  /** Whether the HBM reports that its training is done (Linux >= 6.14 waits for it). */
  readonly hbmReady: boolean;
}

/** The length of BAR0 of a Hopper or Blackwell GPU. */
export const DEFAULT_BAR0_BYTES = 16n << 20n;

/** The readiness register at 0x200BC has to lie inside BAR0: on a smaller one the driver reads past its mapping. */
const MIN_BAR0_BYTES = 0x40000n;

/** The smallest memory BAR worth having behind a bridge; QEMU maps whole 4 KiB pages. */
const MIN_BAR_BYTES = 0x1000n;

/** Far above any board (GB300: 512 GiB), and all three BARs still fit into a 64-bit address space together. */
const MAX_BAR_BYTES = 1n << 62n;

/** The length of BAR0 with the default filled in. */
export function bar0Bytes(spec: GpuFunctionSpec): bigint {
  return spec.bar0Bytes ?? DEFAULT_BAR0_BYTES;
}

/**
 * Gives the spec back, or throws a RangeError that names the first field no PCI function can have.
 * BAR lengths are powers of two by construction of the register (PCI Local Bus 3.0, 6.2.5.1).
 */
export function checkGpuFunctionSpec(spec: GpuFunctionSpec): GpuFunctionSpec {
  checkId('deviceId', spec.deviceId, 0xffff);
  checkId('subsystemId', spec.subsystemId, 0xffff);
  checkId('revision', spec.revision, 0xff);
  checkBar('bar0Bytes', bar0Bytes(spec), MIN_BAR0_BYTES);
  if (spec.bar2Bytes !== 0n) checkBar('bar2Bytes', spec.bar2Bytes, MIN_BAR_BYTES);
  if (spec.bar4Bytes !== 0n) checkBar('bar4Bytes', spec.bar4Bytes, MIN_BAR_BYTES);
  return spec;
}

function checkId(field: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new RangeError(`${field} is ${value}; it has to be an integer from 0 to 0x${max.toString(16)}`);
}

function checkBar(field: string, bytes: bigint, min: bigint): void {
  const powerOfTwo = bytes > 0n && (bytes & (bytes - 1n)) === 0n;
  if (powerOfTwo && bytes >= min && bytes <= MAX_BAR_BYTES) return;
  throw new RangeError(
    `${field} is 0x${bytes.toString(16)}; the length of a BAR has to be a power of two from 0x${min.toString(16)} to 0x${MAX_BAR_BYTES.toString(16)}`,
  );
}
