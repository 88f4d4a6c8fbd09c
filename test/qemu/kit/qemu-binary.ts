import { labQemu } from '../../../lab/artifacts/qemu.ts';
import { askQemu, QEMU_BINARY } from '../../../src/host/programs/qemu.ts';

/** How to start a qemu-system-aarch64: `args` goes before the arguments of the machine. */
export interface QemuCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** The first major version with `highmem-mmio-size`. */
const OLDEST_MAJOR = 10;

/**
 * The QEMU to test with: the one on PATH if it knows generic initiators and large MMIO windows, else the lab's, which is
 * unpacked first if need be (a download of some 100 MB, once).
 */
export async function findQemu(): Promise<QemuCommand> {
  const installed = await askQemu();
  if (installed?.genericInitiator && installed.version[0] >= OLDEST_MAJOR) return { command: QEMU_BINARY, args: [] };
  return labQemu();
}
