import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../host/package-root.ts';
import type { PciFunction } from '../host/pci.ts';

/** A product name by device and subsystem id; a null subsystem stands for any other. */
export interface CatalogueEntry {
  device: string;
  subsystem: string | null;
  name: string;
}

/** The catalogue that ships with ghpass. It names GPUs, it decides nothing. */
export function readCatalogue(): CatalogueEntry[] {
  return JSON.parse(readFileSync(join(packageRoot(), 'templates', 'gpus.json'), 'utf8')) as CatalogueEntry[];
}

/** Marketing names go by the pair of device and subsystem id: the device id alone is ambiguous (2342 is two products). */
export function findName(catalogue: readonly CatalogueEntry[], gpu: PciFunction): string | null {
  const device = formatIds(gpu.vendor, gpu.device);
  const subsystem = formatIds(gpu.subsystemVendor, gpu.subsystemDevice);
  const ofDevice = catalogue.filter((entry) => entry.device === device);
  const exact = ofDevice.find((entry) => entry.subsystem === subsystem);
  return (exact ?? ofDevice.find((entry) => entry.subsystem === null))?.name ?? null;
}

/** `10de:2342`. */
export function formatIds(vendor: number, device: number): string {
  return [vendor, device].map((id) => id.toString(16).padStart(4, '0')).join(':');
}
