import type { HostFacts } from '../host/facts.ts';
import type { PciFunction } from '../host/pci/pci.ts';

/** Where firmware says the coherent memory of one GPU is. */
export type AcpiMemory =
  | { known: true; base: bigint | null; sizeBytes: bigint | null; proximityDomains: number | null }
  | { known: false; path: string; errno: string };

/**
 * The GPU's device properties in the ACPI tables, by the names that the driver reads
 * (drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_fetch_memory_property).
 * A property that the firmware left out is null: the driver then exports nothing coherent.
 */
export function readAcpiMemory(host: HostFacts, gpu: PciFunction): AcpiMemory {
  const blocks = host.definitionBlocks;
  if ('unreadable' in blocks) return { known: false, ...blocks.unreadable };
  const properties = gpu.acpiPath === null ? undefined : blocks.properties.get(gpu.acpiPath);
  const domains = properties?.get('nvidia,gpu-mem-pxm-count');
  return {
    known: true,
    base: properties?.get('nvidia,gpu-mem-base-pa') ?? null,
    sizeBytes: properties?.get('nvidia,gpu-mem-size') ?? null,
    proximityDomains: domains === undefined ? null : Number(domains),
  };
}
