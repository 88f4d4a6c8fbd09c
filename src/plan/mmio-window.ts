import { GhpassError } from '../errors.ts';
import { alignUp, formatBytes, GIB, nextPowerOfTwo } from '../vfio/bytes.ts';

/** What QEMU's virt machine has by itself, and the least it accepts (hw/arm/virt.c, f10104aeae3a, QEMU 10.0). */
export const DEFAULT_WINDOW_BYTES = 512n * GIB;
/** RAM of the virt machine starts at 1 GiB; behind it come redistributors and ECAM, less than 1 GiB (hw/arm/virt.c). */
const RAM_START_BYTES = 1n * GIB;
const BEFORE_WINDOW_BYTES = 1n * GIB;
/** Room for the BARs of everything that is no GPU. */
const OTHER_DEVICES_BYTES = 1n * GIB;

/** Where the window has to fit. */
export interface AddressSpace {
  addressBits: number;
  memoryBytes: bigint;
}

/** QEMU puts the window behind the RAM, at a multiple of its own length (hw/arm/virt.c, virt_set_high_memmap). */
function fits(windowBytes: bigint, { addressBits, memoryBytes }: AddressSpace): boolean {
  const ramEnd = alignUp(RAM_START_BYTES + memoryBytes, GIB) + BEFORE_WINDOW_BYTES;
  return alignUp(ramEnd, windowBytes) + windowBytes <= 1n << BigInt(addressBits);
}

/**
 * Address space that the prefetchable BARs behind one root port get: a power of two, as firmware reserves it.
 * Firmware alone gives a root port behind an expander bus the exact sum. Linux 6.12 assigns anew and wants the sum
 * aligned to half of the largest BAR (drivers/pci/setup-bus.c, calculate_mem_align), and where that is more than it was
 * given, all BARs stay unassigned (seen: 4 GiB + 1 GiB + 16 MiB wants 6 GiB).
 * @param bars lengths of the BARs, powers of two.
 */
export function rootPortWindow(bars: readonly bigint[]): bigint {
  const sum = bars.reduce<bigint>((total, bytes) => total + nextPowerOfTwo(bytes), 0n);
  const largest = bars.reduce<bigint>((most, bytes) => (bytes > most ? bytes : most), 2n);
  return nextPowerOfTwo(alignUp(sum, nextPowerOfTwo(largest) / 2n));
}

/**
 * Length of the 64-bit MMIO window: a power of two, from the BARs that VFIO reported.
 * Firmware places each root port's BARs with room to spare, so 512 GiB a GPU is the measure (the rule of KubeVirt's
 * VEP-199); where that does not fit the address space, what the BARs need and no more.
 * @param gpus the BAR lengths of each GPU.
 * @param space physical address bits of the guest and its memory; null where the bits are not known.
 * @throws GhpassError `mmio.pa-bits`: QEMU would start, and drop the window without a word.
 */
export function planMmioWindow(gpus: readonly (readonly bigint[])[], space: AddressSpace | null): bigint {
  const comfortable = nextPowerOfTwo(total(gpus.map((bars) => atLeastDefault(rootPortWindow(bars)))));
  const needed = neededMmioWindow(gpus);
  if (space === null || fits(comfortable, space)) return comfortable;
  if (fits(needed, space)) return needed;
  throw new GhpassError('check', {
    code: 'mmio.pa-bits',
    message: `the BARs of ${gpus.length} GPUs need a window of ${formatBytes(needed)}; that does not fit behind ${formatBytes(space.memoryBytes)} of memory in ${space.addressBits} physical address bits, and QEMU would drop the window without a word`,
    suggestions: ['give the guest fewer GPUs'],
  });
}

/** The least window that holds the BARs of these GPUs; QEMU's own where that is enough. */
export function neededMmioWindow(gpus: readonly (readonly bigint[])[]): bigint {
  return atLeastDefault(nextPowerOfTwo(total(gpus.map(rootPortWindow))));
}

function atLeastDefault(bytes: bigint): bigint {
  return bytes > DEFAULT_WINDOW_BYTES ? bytes : DEFAULT_WINDOW_BYTES;
}

function total(sizes: readonly bigint[]): bigint {
  return sizes.reduce((sum, bytes) => sum + bytes, OTHER_DEVICES_BYTES);
}
