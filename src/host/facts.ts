import { readSrat, type Srat, SratError } from './acpi/srat.ts';
import { type DefinitionBlocks, listTables, readDefinitionBlocks, readTable } from './acpi/tables.ts';
import { type HostFiles, readText } from './files.ts';
import type { Host, HostSource } from './host.ts';
import { type KernelFacts, readKernelFacts } from './kernel/kernel.ts';
import { hangingGpus, type Leftover, readLeftovers } from './leftovers.ts';
import { type NumaFacts, readNumaFacts } from './numa/numa.ts';
import { readPageBytes } from './numa/page-size.ts';
import { findVariantDriver, isNvgrace, NVGRACE_DRIVER, readVfioAliases, type VfioAlias } from './pci/modules-alias.ts';
import { IBM, type NvlinkFacts, readNvlink } from './pci/nvlink.ts';
import { listPciFunctions, type PciFunction, type PciIds, readPciFunction } from './pci/pci.ts';

/** Everything that ghpass reads from a host without opening a device. */
export interface HostFacts {
  source: HostSource;
  kernel: KernelFacts;
  hasAcpi: boolean;
  /** An I/O Remapping Table: firmware has an SMMU, and has it enabled. */
  hasIort: boolean;
  /** Size of a page in bytes; null where it is not known. */
  pageBytes: bigint | null;
  definitionBlocks: DefinitionBlocks;
  /** Null where it is absent, not readable or broken. */
  srat: Srat | null;
  /** Null where modules.alias is not known. */
  vfioAliases: readonly VfioAlias[] | null;
  numa: NumaFacts | null;
  /** MemAvailable of /proc/meminfo in bytes; null where it is not known. */
  availableMemoryBytes: bigint | null;
  /** Null where the journals of ghpass may not be read. */
  leftovers: readonly Leftover[] | null;
  /** The GPUs with coherent memory: what the nvgrace driver is for, or what has NVLinks. In order of their addresses. */
  coherentGpus: PciFunction[];
  /** GPUs with NVLinks to their processor, by address; empty on every host but POWER9. */
  nvlinks: ReadonlyMap<string, NvlinkFacts>;
}

/** Device-id ranges of GPUs with self-hosted coherent memory (open-gpu-kernel-modules 595.45.04). */
const NVIDIA = 0x10de;
const COHERENT_FAMILIES: readonly [number, number][] = [
  [0x2340, 0x237f],
  [0x2940, 0x297f],
  [0x31c0, 0x31ff],
  [0x31a1, 0x31a1],
];

/** Reads a host. Files that only root may read come as "not known" where ghpass does not run as root. */
export function collectHost(host: Host): HostFacts {
  const { files } = host;
  const vfioAliases = readVfioAliases(files, host.release);
  const kernel = readKernelFacts(files, host.release, host.machine);
  const tables = listTables(files);
  const bound = boundToNvgrace(files);
  const hanging = hangingGpus(files);
  const functions = listPciFunctions(files, { vendors: [NVIDIA, IBM], addresses: bound });
  const nvlinks = readNvlinks(files, functions);
  const coherentGpus = functions
    .filter(({ vendor, address }) => vendor === NVIDIA || bound.has(address))
    .map((ids) => readPciFunction(files, ids, hanging.has(ids.address)))
    .filter((candidate) => nvlinks.has(candidate.address) || isCoherentGpu(candidate, vfioAliases));
  return {
    source: host.source,
    kernel,
    hasAcpi: tables.length > 0,
    hasIort: tables.includes('IORT'),
    pageBytes: readPageBytes(files, kernel.config),
    definitionBlocks: coherentGpus.length > 0 ? readDefinitionBlocks(files) : { properties: new Map() },
    srat: readHostSrat(files),
    vfioAliases,
    numa: readNumaFacts(files),
    availableMemoryBytes: readAvailableMemory(files),
    leftovers: readLeftovers(files),
    coherentGpus,
    nvlinks,
  };
}

function readNvlinks(files: HostFiles, functions: readonly PciIds[]): Map<string, NvlinkFacts> {
  const found = new Map<string, NvlinkFacts>();
  for (const { vendor, address } of functions) {
    const nvlink = vendor === NVIDIA ? readNvlink(files, functions, address) : null;
    if (nvlink) found.set(address, nvlink);
  }
  return found;
}

/** What the driver has: a device that was given to it by hand counts whatever its ids are. */
function boundToNvgrace(files: HostFiles): Set<string> {
  const drivers = files.list('/sys/bus/pci/drivers').filter(isNvgrace);
  return new Set(drivers.flatMap((name) => files.list(`/sys/bus/pci/drivers/${name}`)));
}

function isCoherentGpu(candidate: PciFunction, aliases: readonly VfioAlias[] | null): boolean {
  if (isNvgrace(candidate.driver)) return true;
  if (aliases && findVariantDriver(aliases, candidate.modalias) === NVGRACE_DRIVER) return true;
  const { vendor, device } = candidate;
  return vendor === NVIDIA && COHERENT_FAMILIES.some(([first, last]) => device >= first && device <= last);
}

function readHostSrat(files: HostFiles): Srat | null {
  const table = readTable(files, 'SRAT');
  try {
    return table && readSrat(table);
  } catch (error) {
    if (error instanceof SratError) return null;
    throw error;
  }
}

function readAvailableMemory(files: HostFiles): bigint | null {
  const match = /^MemAvailable:\s+(\d{1,16}) kB$/m.exec(readText(files, '/proc/meminfo') ?? '');
  return match?.[1] ? BigInt(match[1]) * 1024n : null;
}
