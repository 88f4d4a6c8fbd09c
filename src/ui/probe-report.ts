import type { Finding } from '../checks/check.ts';
import { planMmioWindow } from '../plan/mmio-window.ts';
import type { SpecialRegion } from '../vfio/arithmetic.ts';
import { bar2Lengths, bar2Relations } from '../vfio/bar2.ts';
import { formatAddress } from '../vfio/bytes.ts';
import { formatIds } from '../vfio/catalogue.ts';
import {
  coherentMemoryBytes,
  firmwareMemory,
  type GpuFacts,
  type GpuLink,
  guestBars,
  measuredBytes,
} from '../vfio/gpu.ts';
import { isNvlinkRegister } from '../vfio/nvlink-regions.ts';
import type { RegionInfo } from '../vfio/structs.ts';
import { jsonBytes } from './envelope.ts';
import type { MemoryReport } from './memory-report.ts';

/**
 * One GPU in the result of `probe`: sizes are integer bytes, addresses strings, what is not known is null.
 * @param validated its memory; null where that was not asked for.
 */
export function gpuReport(gpu: GpuFacts, findings: readonly Finding[], validated: MemoryReport | null = null) {
  const { pci, memory } = gpu;
  return {
    address: pci.address,
    id: formatIds(pci.vendor, pci.device),
    subsystemId: formatIds(pci.subsystemVendor, pci.subsystemDevice),
    name: gpu.name,
    driver: pci.driver,
    iommuGroup: pci.iommuGroup,
    numaNode: pci.numaNode,
    openedVia: gpu.via,
    layout: memory.layout,
    sizes: memory.origin,
    coherentMemory: coherentMemory(gpu),
    bar2: bar2(gpu),
    usable: special(memory.usable),
    reserved: special(memory.reserved),
    regions: gpu.regions.map(region),
    ...(gpu.nvlink ? { nvlink: { target: knownAddress(gpu.nvlink.target), links: gpu.nvlink.links.map(link) } } : {}),
    mmioWindow: memory.usable ? jsonBytes(planMmioWindow([[...guestBars(gpu).values()]], null)) : null,
    memory: validated,
    verdict: findings.some(({ subject, severity }) => subject === pci.address && severity === 'fail') ? 'fail' : 'pass',
  } as const;
}

export type GpuReport = ReturnType<typeof gpuReport>;

function coherentMemory(gpu: GpuFacts) {
  const { acpi } = gpu;
  const firmware = firmwareMemory(gpu);
  const sizeBytes = coherentMemoryBytes(gpu);
  const base = firmware ? firmware.base : acpi.known ? acpi.base : null;
  if (sizeBytes === null && base === null) return null;
  const sources = [firmware?.source ?? null, measuredBytes(gpu) === null ? null : ('vfio' as const)];
  return {
    base: base === null ? null : formatAddress(base),
    size: sizeBytes === null ? null : jsonBytes(sizeBytes),
    sources: sources.filter((source) => source !== null),
  };
}

function bar2(gpu: GpuFacts) {
  const { physicalBytes, regionBytes, mappedBytes, memoryBytes } = bar2Lengths(gpu);
  const relations = bar2Relations(gpu);
  return {
    length: jsonBytes(physicalBytes),
    region: knownBytes(regionBytes),
    mapped: knownBytes(mappedBytes),
    memory: knownBytes(memoryBytes),
    sufficient: relations.find(({ rule }) => rule === 'length >= memory')?.holds ?? null,
    relations,
  };
}

function knownBytes(bytes: bigint | null): number | null {
  return bytes === null ? null : jsonBytes(bytes);
}

/** An NVLink: only the regions of its own, the BARs of the emulated function are of no interest. */
function link({ pci, via, regions }: GpuLink) {
  const own = regions.find(isNvlinkRegister);
  return {
    address: pci.address,
    id: formatIds(pci.vendor, pci.device),
    driver: pci.driver,
    iommuGroup: pci.iommuGroup,
    openedVia: via,
    target: knownAddress(own?.nvlinkTarget ?? null),
    speed: own?.nvlinkSpeed ?? null,
    regions: regions.filter(isNvlinkRegister).map(region),
  };
}

function knownAddress(address: bigint | null): string | null {
  return address === null ? null : formatAddress(address);
}

function special(part: SpecialRegion | null) {
  return part && { region: part.region, size: jsonBytes(part.sizeBytes), barSize: jsonBytes(part.barBytes) };
}

function region(info: RegionInfo) {
  const { index, sizeBytes, flags, sparseAreas } = info;
  const areas = sparseAreas?.map((area) => ({ offset: jsonBytes(area.offsetBytes), size: jsonBytes(area.sizeBytes) }));
  const capabilities = info.capabilities.map((capability) => ({ ...capability, ...payload(capability.name, info) }));
  return { index, size: jsonBytes(sizeBytes), flags, sparseAreas: areas ?? [], capabilities };
}

/** What a capability says beside its name; sparse areas stand with the region. */
function payload(name: string | null, { type, nvlinkTarget, nvlinkSpeed }: RegionInfo) {
  if (name === 'type' && type) return { type: `0x${type.type.toString(16)}`, subtype: type.subtype };
  if (name === 'nvlink2-ssatgt' && nvlinkTarget !== null) return { target: formatAddress(nvlinkTarget) };
  return name === 'nvlink2-lnkspd' && nvlinkSpeed !== null ? { speed: nvlinkSpeed } : {};
}
