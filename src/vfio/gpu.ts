import type { HostFacts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { type GpuUse, readGpuUse } from '../host/kernel/gpu-use.ts';
import type { NvlinkFacts } from '../host/pci/nvlink.ts';
import type { PciFunction } from '../host/pci/pci.ts';
import { type AcpiMemory, readAcpiMemory } from './acpi-memory.ts';
import { nextPowerOfTwo } from './bytes.ts';
import { type Catalogue, type CatalogueEntry, findEntry } from './catalogue.ts';
import { askFunction, BAR_COUNT, type FunctionAnswer, isVfioDriver } from './function-answer.ts';
import { type DeviceMemory, measureMemory, predictMemory, unknownMemory } from './memory.ts';
import { nvlinkMemoryBytes, predictNvlinkMemory } from './nvlink.ts';

/** An NVLink of a GPU on POWER9: the bridge function that emulates it, and what VFIO says of that. */
export interface GpuLink extends FunctionAnswer {
  pci: PciFunction;
}

/** What only GPUs with NVLink2 have. */
export interface GpuNvlink extends Omit<NvlinkFacts, 'bridges'> {
  links: GpuLink[];
}

/** One GPU: what the host says of it, what firmware says, and what the device answers. */
export interface GpuFacts extends FunctionAnswer {
  pci: PciFunction;
  /** Product name; null for ids that are in no catalogue. */
  name: string | null;
  /** What the catalogue says of the ids; null where it has none of them. */
  product: CatalogueEntry | null;
  acpi: AcpiMemory;
  /** Null on every host but POWER9. */
  nvlink: GpuNvlink | null;
  /** Who uses the GPU; null where that was not asked, because VFIO has it and opened it, or because no driver has it. */
  use: GpuUse | null;
  memory: DeviceMemory;
}

/**
 * Asks one GPU. Opening it resets the function twice, so it is opened only where `open` says so, and only where a VFIO
 * driver has it.
 */
export async function collectGpu(
  host: Host,
  facts: HostFacts,
  pci: PciFunction,
  options: { open: boolean; catalogue: Catalogue },
): Promise<GpuFacts> {
  const product = findEntry(options.catalogue, pci);
  const answer = await askFunction(host, pci, options.open);
  const acpi = readAcpiMemory(facts, pci);
  const use = isTaken(pci, answer) ? readGpuUse(host.files, pci, announcedRange(acpi)) : null;
  const gpu = { pci, name: product?.name ?? null, product, acpi, use, ...answer };
  const nvlink = facts.nvlinks.get(pci.address) ?? null;
  if (nvlink === null) {
    const predict = () => predictMemory(gpu.acpi, pci, facts.kernel);
    return { ...gpu, nvlink, memory: answer.notOpened ? predict() : measure(answer) };
  }
  const { bridges, ...found } = nvlink;
  const links: GpuLink[] = [];
  for (const bridge of bridges) links.push({ pci: bridge, ...(await askFunction(host, bridge, options.open)) });
  const memory = answer.notOpened ? predictNvlinkMemory(nvlink, facts.kernel) : measure(answer);
  return { ...gpu, nvlink: { ...found, links }, memory };
}

function isTaken({ driver }: PciFunction, { notOpened }: FunctionAnswer): boolean {
  return driver !== null && notOpened !== null && (notOpened.reason === 'failed' || !isVfioDriver(driver));
}

function measure({ regions, undecodable }: FunctionAnswer): DeviceMemory {
  return undecodable === null ? measureMemory(regions) : unknownMemory();
}

/**
 * The memory BARs of the device in the guest, by index: what the MMIO window has to hold.
 * Measured on an opened device; else the physical ones with the special regions in their place.
 */
export function guestBars(gpu: GpuFacts): Map<number, bigint> {
  const bars = new Map<number, bigint>();
  // A BAR is a power of two; a region of the `pad-bars` layout is not.
  const add = (index: number, sizeBytes: bigint) => sizeBytes > 0n && bars.set(index, nextPowerOfTwo(sizeBytes));
  for (const { index, sizeBytes } of gpu.regions) if (index < BAR_COUNT) add(index, sizeBytes);
  if (gpu.notOpened !== null) {
    gpu.pci.bars.forEach(({ lengthBytes }, index) => {
      add(index, lengthBytes);
    });
    for (const part of [gpu.memory.reserved, gpu.memory.usable]) if (part) add(part.region, part.barBytes);
  }
  return bars;
}

/** Length of the coherent memory: firmware's word, else the sum of what the regions hold; null where nobody says. */
export function coherentMemoryBytes(gpu: GpuFacts): bigint | null {
  return firmwareMemory(gpu)?.sizeBytes ?? measuredBytes(gpu);
}

/** What firmware says of the coherent memory, by whichever way it has; null where it does not say how long it is. */
export function firmwareMemory({ acpi, nvlink }: GpuFacts): FirmwareMemory | null {
  if (nvlink) return nvlink.window && { source: 'device-tree', ...nvlink.window };
  return acpi.known && acpi.sizeBytes ? { source: 'acpi', base: acpi.base, sizeBytes: acpi.sizeBytes } : null;
}

interface FirmwareMemory {
  source: 'acpi' | 'device-tree';
  base: bigint | null;
  sizeBytes: bigint;
}

/** Where firmware says the coherent memory is; null where it does not say both. */
export function announcedRange(acpi: AcpiMemory): { base: bigint; sizeBytes: bigint } | null {
  return acpi.known && acpi.base !== null && acpi.sizeBytes ? { base: acpi.base, sizeBytes: acpi.sizeBytes } : null;
}

/** Sum of the mappable bytes of the special regions; null where the device was not opened or exports nothing. */
export function measuredBytes(gpu: GpuFacts): bigint | null {
  if (gpu.memory.origin === 'measured' && gpu.memory.layout === 'nvlink2') return nvlinkMemoryBytes(gpu.regions);
  const { origin, usable, reserved } = gpu.memory;
  return origin === 'measured' && usable ? usable.sizeBytes + (reserved?.sizeBytes ?? 0n) : null;
}
