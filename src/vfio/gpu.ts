import { GhpassError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { NVGRACE_DRIVER } from '../host/modules-alias.ts';
import type { PciFunction } from '../host/pci.ts';
import { type AcpiMemory, readAcpiMemory } from './acpi-memory.ts';
import { nextPowerOfTwo } from './bytes.ts';
import { type Catalogue, type CatalogueEntry, findEntry } from './catalogue.ts';
import { errnoName } from './errno.ts';
import { type DeviceMemory, measureMemory, predictMemory, unknownMemory } from './memory.ts';
import { type FailedStep, parseDeviceAnswer, type RegionAnswer } from './protocol.ts';
import { decodeRegionInfo, type RegionInfo, StructError } from './structs.ts';

/** Drivers whose devices VFIO can open. */
const VFIO_DRIVERS: readonly string[] = [NVGRACE_DRIVER, 'vfio-pci'];

/** Why the device itself was not asked. */
export type NotOpened =
  | { reason: 'not-wanted' }
  | { reason: 'driver'; driver: string | null }
  | { reason: 'no-answer' }
  | { reason: 'failed'; step: FailedStep; via: 'cdev' | 'group' };

/** One GPU: what the host says of it, what firmware says, and what the device answers. */
export interface GpuFacts {
  pci: PciFunction;
  /** Product name; null for ids that are in no catalogue. */
  name: string | null;
  /** What the catalogue says of the ids; null where it has none of them. */
  product: CatalogueEntry | null;
  acpi: AcpiMemory;
  /** Null where the device was opened. */
  notOpened: NotOpened | null;
  via: 'cdev' | 'group' | null;
  /** Empty where the device was not opened. */
  regions: RegionInfo[];
  /** Why an answer of the kernel could not be decoded; null where all could. */
  undecodable: string | null;
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
  const acpi = readAcpiMemory(facts, pci);
  const product = findEntry(options.catalogue, pci);
  const common = { pci, name: product?.name ?? null, product, acpi };
  const answer = await openDevice(host, pci, options.open);
  if ('notOpened' in answer) {
    const { notOpened } = answer;
    const memory = predictMemory(acpi, pci, facts.kernel);
    return { ...common, notOpened, via: null, regions: [], undecodable: null, memory };
  }
  const { regions, undecodable } = decodeRegions(answer.regions);
  const memory = undecodable === null ? measureMemory(regions) : unknownMemory();
  return { ...common, notOpened: null, via: answer.via, regions, undecodable, memory };
}

/** BARs are regions 0 to 5 (VFIO_PCI_BAR5_REGION_INDEX). */
const BAR_COUNT = 6;

type Opened = { via: 'cdev' | 'group'; regions: RegionAnswer[] };

async function openDevice(host: Host, pci: PciFunction, open: boolean): Promise<Opened | { notOpened: NotOpened }> {
  if (!open) return { notOpened: { reason: 'not-wanted' } };
  if (pci.driver === null || !VFIO_DRIVERS.includes(pci.driver)) {
    return { notOpened: { reason: 'driver', driver: pci.driver } };
  }
  const output = await host.askDevice(pci.address);
  if (output === null) return { notOpened: { reason: 'no-answer' } };
  const answer = parseDeviceAnswer(output);
  if (answer.address !== pci.address) {
    throw new GhpassError('tool', {
      code: 'helper.protocol',
      message: `ghpass-vfio was asked for ${pci.address} and answered for ${answer.address}`,
    });
  }
  if (answer.error) return { notOpened: { reason: 'failed', step: answer.error, via: answer.via } };
  return { via: answer.via, regions: answer.regions };
}

/** The kernel refuses regions that a device lacks, VGA for one; a BAR that it refuses makes the layout unknowable. */
function decodeRegions(answers: readonly RegionAnswer[]): { regions: RegionInfo[]; undecodable: string | null } {
  const refused = answers.find(({ index, info }) => index < BAR_COUNT && info === null);
  if (refused) {
    return { regions: [], undecodable: `region ${refused.index} was refused with ${errnoName(refused.errno ?? 0)}` };
  }
  try {
    return { regions: answers.flatMap(({ info }) => (info ? decodeRegionInfo(info) : [])), undecodable: null };
  } catch (error) {
    if (error instanceof StructError) return { regions: [], undecodable: error.message };
    throw error;
  }
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
  if (gpu.acpi.known && gpu.acpi.sizeBytes) return gpu.acpi.sizeBytes;
  return measuredBytes(gpu);
}

/** Sum of the mappable bytes of the special regions; null where the device was not opened or exports nothing. */
export function measuredBytes(gpu: GpuFacts): bigint | null {
  const { origin, usable, reserved } = gpu.memory;
  return origin === 'measured' && usable ? usable.sizeBytes + (reserved?.sizeBytes ?? 0n) : null;
}
