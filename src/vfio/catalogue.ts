import type { PciFunction } from '../host/pci/pci.ts';
import type { Layout } from './layout.ts';

/** What is known of a product by its ids. It names GPUs and says what to expect of them; it decides nothing. */
export interface CatalogueEntry {
  /** Vendor and device id, `10de:2342`. */
  device: string;
  /** Vendor and device id of the subsystem; null stands for any. */
  subsystem: string | null;
  name: string;
  /** What the kernel's driver calls the device id, in the comment of its table; null where it names no product. */
  kernelName: string | null;
  /** Layouts in which the coherent memory is expected; null where nothing is. */
  layouts: readonly Layout[] | null;
  /** Coherent memory that is expected; null where nothing is. */
  memoryBytes: bigint | null;
}

/** The entries of each file, the one that decides first. */
export type Catalogue = readonly (readonly CatalogueEntry[])[];

/**
 * The entry for a GPU: that of the first file that knows it, and in a file the one for its subsystem before the one for any.
 * Marketing names go by the pair: the device id alone is ambiguous (2342 is two products).
 * @returns null where no file knows the device.
 */
export function findEntry(catalogue: Catalogue, gpu: PciFunction): CatalogueEntry | null {
  const device = formatIds(gpu.vendor, gpu.device);
  const subsystem = formatIds(gpu.subsystemVendor, gpu.subsystemDevice);
  for (const entries of catalogue) {
    const ofDevice = entries.filter((entry) => entry.device === device);
    const found =
      ofDevice.find((entry) => entry.subsystem === subsystem) ?? ofDevice.find((entry) => entry.subsystem === null);
    if (found) return found;
  }
  return null;
}

/** `10de:2342`. */
export function formatIds(vendor: number, device: number): string {
  return [vendor, device].map((id) => id.toString(16).padStart(4, '0')).join(':');
}
