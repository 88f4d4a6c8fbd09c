import { GhpassError } from '../errors.ts';
import { alignUp, formatBytes, GIB, nextPowerOfTwo } from '../vfio/bytes.ts';

/** What QEMU's virt machine has by itself, and the least it accepts (hw/arm/virt.c, f10104aeae3a, QEMU 10.0). */
export const DEFAULT_WINDOW_BYTES = 512n * GIB;
/** Room for the BARs of everything that is no GPU. */
const OTHER_DEVICES_BYTES = 1n * GIB;

/**
 * Address space behind one root port: BARs are powers of two and aligned to their own length, so the largest first leaves no
 * gap; the whole is then aligned to the largest.
 */
function rootPortBytes(bars: readonly bigint[]): bigint {
  const sum = bars.reduce<bigint>((total, bytes) => total + nextPowerOfTwo(bytes), 0n);
  const largest = bars.reduce<bigint>((most, bytes) => (bytes > most ? bytes : most), 1n);
  return alignUp(sum, nextPowerOfTwo(largest));
}

/**
 * Length of the 64-bit MMIO window: a power of two, from the BARs that VFIO reported.
 * Firmware places each root port's BARs with room to spare, so 512 GiB a GPU is the measure (the rule of KubeVirt's
 * VEP-199); where that does not fit the address space, what the BARs need and no more.
 * @param gpus the BAR lengths of each GPU.
 * @param addressBits physical address bits of the guest; null where they are not known.
 * @throws GhpassError `mmio.pa-bits`: QEMU would start, and drop the window without a word.
 */
export function planMmioWindow(gpus: readonly (readonly bigint[])[], addressBits: number | null): bigint {
  const floor = (bytes: bigint) => (bytes > DEFAULT_WINDOW_BYTES ? bytes : DEFAULT_WINDOW_BYTES);
  const sum = (sizes: bigint[]) => sizes.reduce((total, bytes) => total + bytes, OTHER_DEVICES_BYTES);
  const comfortable = nextPowerOfTwo(sum(gpus.map((bars) => floor(rootPortBytes(bars)))));
  const needed = floor(nextPowerOfTwo(sum(gpus.map(rootPortBytes))));
  if (addressBits === null) return comfortable;
  /** The window starts at its own length at the earliest: below are RAM and the first window (virt_set_high_memmap). */
  const largest = 1n << BigInt(addressBits - 1);
  if (comfortable <= largest) return comfortable;
  if (needed <= largest) return needed;
  throw new GhpassError('check', {
    code: 'mmio.pa-bits',
    message: `the BARs of ${gpus.length} GPUs need a window of ${formatBytes(needed)}; with ${addressBits} physical address bits the guest has at most ${formatBytes(largest)}, and QEMU would drop the window without a word`,
    suggestions: ['give the guest fewer GPUs'],
  });
}
