import type { HostFiles } from '../files.ts';
import { onlineBytes, readOnlineMemory } from '../numa/online-memory.ts';
import type { PciFunction } from '../pci/pci.ts';
import { findHolders, type Holders } from './holders.ts';

/** Who uses a GPU on the host itself. */
export interface GpuUse extends Holders {
  /** How much of its memory the host's kernel uses as its own; null where that is not known. */
  onlineBytes: bigint | null;
}

/** @param memory where the GPU's memory is; null where it is not known. */
export function readGpuUse(
  files: HostFiles,
  pci: PciFunction,
  memory: { base: bigint; sizeBytes: bigint } | null,
): GpuUse {
  return { ...findHolders(files, pci), onlineBytes: onlineBytes(readOnlineMemory(files), memory) };
}
