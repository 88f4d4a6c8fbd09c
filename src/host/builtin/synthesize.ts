import type { LibvirtFacts } from '../libvirt/libvirt-facts.ts';
import type { FileTree } from '../memory-files.ts';
import type { ToolFacts } from '../programs/tools.ts';
import { softwareDocument, TOOLS_FILE } from '../snapshot/software.ts';
import { definitionBlock, device, deviceProperties, scope } from './aml-writer.ts';
import { configSpace } from './config-writer.ts';
import { writeIort } from './iort-writer.ts';
import { SETTINGS_FILES } from './settings-files.ts';
import { writeSrat } from './srat-writer.ts';
import { helperOutput, type SyntheticRegion } from './vfio-writer.ts';

/** One GPU of a made-up host. */
export interface SyntheticGpu {
  address: string;
  device: number;
  subsystemDevice: number;
  /** Driver's sysfs name; null for none. */
  driver: string | null;
  iommuGroup: string;
  numaNode: number;
  memory: { base: bigint; sizeBytes: bigint };
  /** Lengths of the physical BAR0, BAR2 and BAR4. */
  bars: readonly [bigint, bigint, bigint];
  /** The bit in NVIDIA's DVSEC which makes the layout `whole`. */
  migWorksWithCachedMemory: boolean;
  /** What VFIO answers; empty where nothing can be asked. */
  regions: readonly SyntheticRegion[];
  /** First of the GPU's proximity domains, and how many they are. */
  proximityDomains: readonly [number, number];
}

export interface SyntheticNode {
  cpus: readonly [number, number] | null;
  memoryBytes: bigint;
  distances: readonly number[];
}

/** A made-up host: everything that ghpass reads from a real one follows from this. */
export interface SyntheticHost {
  /** What the numbers are; shown with each report. */
  about: string;
  release: string;
  kernelConfig: Readonly<Record<string, string>>;
  gpus: readonly SyntheticGpu[];
  nodes: readonly SyntheticNode[];
  /** Null where the host does not tell about its software. */
  tools: ToolFacts | null;
  /** Null where it has no libvirt. */
  libvirt: LibvirtFacts | null;
}

/** Registers of the SMMUs, one for each GPU. */
const SMMU_BASE = 0x1100_0000n;
const SMMU_BYTES = 0x100_0000n;
/** Sizes of huge pages of a kernel with 64 KiB pages. */
const HUGE_PAGES_KIB = [2048, 524288, 16777216];

/** The files of a made-up host, in the shape of a snapshot. */
export function synthesize(host: SyntheticHost): FileTree {
  const files: Record<string, string | Uint8Array> = {
    '/ghpass/about.json': JSON.stringify({ synthetic: host.about }),
    '/ghpass/uname': host.release,
    '/proc/sys/kernel/arch': 'aarch64\n',
    '/proc/cmdline': 'iommu.passthrough=0 init_on_alloc=0\n',
    [`/boot/config-${host.release}`]: Object.entries(host.kernelConfig)
      .map(([name, value]) => `CONFIG_${name}=${value}\n`)
      .join(''),
    [`/lib/modules/${host.release}/modules.alias`]: variantAliases(),
    ...SETTINGS_FILES,
    ...acpiTables(host),
    ...nodeFiles(host),
  };
  const software = softwareDocument(host);
  if (software !== null) files[TOOLS_FILE] = software;
  const links: Record<string, string> = {};
  for (const gpu of host.gpus) addGpu(gpu, files, links);
  return { files, links };
}

/** The device ids in the driver's table as of Linux 6.18 (drivers/vfio/pci/nvgrace-gpu/main.c). */
function variantAliases(): string {
  return [0x2342, 0x2345, 0x2348, 0x2941, 0x31c2]
    .map((id) => `alias vfio_pci:v000010DEd${hex(id, 8).toUpperCase()}sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n`)
    .join('');
}

function addGpu(gpu: SyntheticGpu, files: Record<string, string | Uint8Array>, links: Record<string, string>): void {
  const directory = `/sys/bus/pci/devices/${gpu.address}`;
  const [bar0, bar2, bar4] = gpu.bars;
  const texts: Record<string, string> = {
    vendor: '0x10de',
    device: `0x${hex(gpu.device, 4)}`,
    subsystem_vendor: '0x10de',
    subsystem_device: `0x${hex(gpu.subsystemDevice, 4)}`,
    class: '0x030200',
    modalias: `pci:v000010DEd${hex(gpu.device, 8).toUpperCase()}sv000010DEsd${hex(gpu.subsystemDevice, 8).toUpperCase()}bc03sc02i00`,
    numa_node: `${gpu.numaNode}`,
    resource: resourceLines([bar0, 0n, bar2, 0n, bar4, 0n, 0n]),
    driver_override: gpu.driver ?? '(null)',
    reset_method: 'flr',
    power_state: 'D0',
    d3cold_allowed: '1',
    'firmware_node/path': acpiPath(gpu.address),
  };
  for (const [name, text] of Object.entries(texts)) files[`${directory}/${name}`] = `${text}\n`;
  files[`${directory}/config`] = configSpace(gpu.device, gpu.subsystemDevice, gpu.migWorksWithCachedMemory);
  const group = `/sys/kernel/iommu_groups/${gpu.iommuGroup}`;
  files[`${group}/type`] = 'DMA-FQ\n';
  files[`${group}/reserved_regions`] = '0x0000000008000000 0x00000000080fffff msi\n';
  links[`${directory}/iommu_group`] = `../../../../kernel/iommu_groups/${gpu.iommuGroup}`;
  links[`${group}/devices/${gpu.address}`] = `../../../../bus/pci/devices/${gpu.address}`;
  if (gpu.driver) {
    links[`${directory}/driver`] = `../../../../bus/pci/drivers/${gpu.driver}`;
    links[`/sys/bus/pci/drivers/${gpu.driver}/${gpu.address}`] = `../../devices/${gpu.address}`;
  }
  if (gpu.regions.length > 0) files[`/ghpass/vfio/${gpu.address}.json`] = helperOutput(gpu.address, gpu.regions);
}

/** Each GPU in a host bridge of its own, as on a Grace board: the domain is in the bridge's name. */
function acpiPath(address: string): string {
  return `\\_SB_.PC${address.slice(2, 4).toUpperCase()}.RP00.GPU0`;
}

function acpiTables(host: SyntheticHost): Record<string, Uint8Array> {
  const bridges = host.gpus.map((gpu) => {
    const [first, count] = gpu.proximityDomains;
    const properties = deviceProperties({
      'nvidia,gpu-mem-base-pa': gpu.memory.base,
      'nvidia,gpu-mem-size': gpu.memory.sizeBytes,
      'nvidia,gpu-mem-pxm-start': BigInt(first),
      'nvidia,gpu-mem-pxm-count': BigInt(count),
    });
    const [, bridge = ''] = acpiPath(gpu.address).split('.');
    return scope('\\_SB_', device(bridge, device('RP00', device('GPU0', properties))));
  });
  const srat = writeSrat({
    processors: host.nodes.flatMap(({ cpus }, node) => (cpus ? [node] : [])),
    memory: host.nodes.flatMap(({ memoryBytes }, node) =>
      memoryBytes > 0n ? [{ proximityDomain: node, base: BigInt(node) << 42n, sizeBytes: memoryBytes }] : [],
    ),
    genericInitiators: host.gpus.flatMap(({ address, proximityDomains: [first, count] }) =>
      Array.from({ length: count }, (_, i) => ({
        proximityDomain: first + i,
        segment: Number.parseInt(address.slice(0, 4), 16),
        bus: Number.parseInt(address.slice(5, 7), 16),
      })),
    ),
  });
  const tables = '/sys/firmware/acpi/tables';
  return {
    [`${tables}/DSDT`]: definitionBlock('DSDT', Buffer.concat(bridges)),
    [`${tables}/IORT`]: writeIort(host.gpus.map((_, i) => SMMU_BASE + BigInt(i) * SMMU_BYTES)),
    [`${tables}/SRAT`]: srat,
  };
}

function nodeFiles(host: SyntheticHost): Record<string, string> {
  const root = '/sys/devices/system/node';
  const all = `0-${host.nodes.length - 1}\n`;
  const initiators = host.gpus.map(({ proximityDomains: [first, count] }) => `${first}-${first + count - 1}`);
  const files: Record<string, string> = {
    [`${root}/possible`]: all,
    [`${root}/online`]: all,
    [`${root}/has_generic_initiator`]: `${initiators.join(',')}\n`,
  };
  if (host.nodes.length > 0) files['/proc/meminfo'] = `MemAvailable: ${totalKib(host.nodes)} kB\n`;
  host.nodes.forEach(({ cpus, memoryBytes, distances }, id) => {
    const kib = memoryBytes / 1024n;
    files[`${root}/node${id}/cpulist`] = `${cpus ? `${cpus[0]}-${cpus[1]}` : ''}\n`;
    if (cpus) files[`/sys/devices/system/cpu/cpu${cpus[0]}/topology/physical_package_id`] = `${id}\n`;
    for (const kib of HUGE_PAGES_KIB) {
      files[`${root}/node${id}/hugepages/hugepages-${kib}kB/nr_hugepages`] = '0\n';
      files[`${root}/node${id}/hugepages/hugepages-${kib}kB/free_hugepages`] = '0\n';
    }
    files[`${root}/node${id}/distance`] = `${distances.join(' ')}\n`;
    files[`${root}/node${id}/meminfo`] = `Node ${id} MemTotal: ${kib} kB\nNode ${id} MemFree: ${kib} kB\n`;
  });
  return files;
}

function totalKib(nodes: readonly SyntheticNode[]): bigint {
  return nodes.reduce((sum, { memoryBytes }) => sum + memoryBytes / 1024n, 0n);
}

function resourceLines(lengths: readonly bigint[]): string {
  let next = 0x6610_0000_0000n;
  return lengths
    .map((length) => {
      if (length === 0n) return `${hex64(0n)} ${hex64(0n)} ${hex64(0n)}`;
      const start = (next + length - 1n) & ~(length - 1n);
      next = start + length;
      return `${hex64(start)} ${hex64(next - 1n)} ${hex64(0x14220cn)}`;
    })
    .join('\n');
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
const hex64 = (value: bigint) => `0x${value.toString(16).padStart(16, '0')}`;
