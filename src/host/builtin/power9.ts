import type { FileTree } from '../memory-files.ts';
import { type NvlinkRegion, nvlinkHelperOutput, typeOf } from './nvlink-writer.ts';

const KIB = 1024n;
const MIB = 1024n * KIB;
const GIB = 1024n * MIB;
const NVIDIA = 0x10de;
const IBM = 0x1014;
const SSATGT = 4;
const LNKSPD = 5;

/** One GPU on NVLink2, with the bridge functions of its links. */
export interface Power9Gpu {
  address: string;
  bridges: readonly string[];
  /** The window in which its memory is, as the device tree has it. */
  window: { base: bigint; sizeBytes: bigint };
}

/** One NPU, which is one IOMMU group: its GPUs and their bridges (Linux 5.0, npu-dma.c, struct npu_comp). */
export interface Power9Npu {
  iommuGroup: string;
  numaNode: number;
  gpus: readonly Power9Gpu[];
}

/** A made-up POWER9 host with V100 GPUs, all functions on vfio-pci. */
export interface Power9Host {
  /** What the numbers are; shown with each report. */
  about: string;
  release: string;
  npus: readonly Power9Npu[];
}

/** Half of an AC922 with two V100 of 16 GiB: addresses and windows as in the kernel's and skiboot's own examples. */
export const POWER9_V100: Power9Host = {
  about:
    'sizes are those of the kernel’s and the firmware’s source for two V100 on one POWER9, not those of a real board',
  release: '5.4.0',
  npus: [
    {
      iommuGroup: '4',
      numaNode: 0,
      gpus: [
        {
          address: '0004:04:00.0',
          bridges: ['0006:00:00.0', '0006:00:00.1', '0006:00:00.2'],
          window: { base: 0x400_0000_0000n, sizeBytes: 128n * GIB },
        },
        {
          address: '0004:05:00.0',
          bridges: ['0006:00:01.0', '0006:00:01.1', '0006:00:01.2'],
          window: { base: 0x420_0000_0000n, sizeBytes: 128n * GIB },
        },
      ],
    },
  ],
};

type Files = Record<string, string | Uint8Array>;
type Links = Record<string, string>;

/** The files of a made-up POWER9 host, in the shape of a snapshot: a device tree where Grace has ACPI tables. */
export function power9(host: Power9Host): FileTree {
  const files: Files = {
    '/ghpass/about.json': JSON.stringify({ synthetic: host.about }),
    '/ghpass/uname': host.release,
    '/proc/cmdline': 'root=/dev/sda2 ro\n',
    [`/boot/config-${host.release}`]: [
      'PPC_64K_PAGES',
      'PPC_POWERNV',
      'SPAPR_TCE_IOMMU',
      'VFIO',
      'VFIO_PCI',
      'VFIO_PCI_NVLINK2',
    ]
      .map((name) => `CONFIG_${name}=y\n`)
      .join(''),
    [`/lib/modules/${host.release}/modules.alias`]: 'alias pci:v000010DEd*sv*sd*bc03sc02i00* nouveau\n',
    ...nodeFiles(host),
  };
  const links: Links = {};
  let handle = 0x1000;
  for (const npu of host.npus) {
    for (const gpu of npu.gpus) {
      addGpu(npu, gpu, handle, files, links);
      handle += 0x100;
    }
  }
  return { files, links };
}

/** Device-tree nodes and functions of one GPU: itself, its window and its bridges point at each other by phandle. */
function addGpu(npu: Power9Npu, gpu: Power9Gpu, handle: number, files: Files, links: Links): void {
  const { base, sizeBytes } = gpu.window;
  const target = targetOf(base);
  const bridgeHandles = gpu.bridges.map((_, i) => handle + 2 + i);
  const memory = `/sys/firmware/devicetree/base/memory@${base.toString(16)}`;
  files[`${memory}/compatible`] = 'ibm,coherent-device-memory\0';
  files[`${memory}/device_type`] = 'memory\0';
  files[`${memory}/phandle`] = cells(handle + 1);
  files[`${memory}/reg`] = longs(base, sizeBytes);
  files[`${memory}/linux,usable-memory`] = longs(base, 0n);
  addFunction(
    {
      address: gpu.address,
      ids: [NVIDIA, 0x1db1, NVIDIA, 0x1212],
      pciClass: '0x030200',
      // V100 has its 64-bit BARs at 1 and 3, so that BAR2 and BAR4 are their upper halves.
      bars: [16n * MIB, 16n * GIB, 0n, 32n * MIB, 0n, 0n],
      node: { phandle: cells(handle), 'ibm,npu': cells(...bridgeHandles) },
      regions: [
        { index: 0, sizeBytes: 16n * MIB },
        { index: 1, sizeBytes: 16n * GIB },
        { index: 3, sizeBytes: 32n * MIB },
        { index: 9, sizeBytes, capabilities: [typeOf(NVIDIA), [SSATGT, target]] },
      ],
    },
    npu,
    files,
    links,
  );
  gpu.bridges.forEach((address, i) => {
    addFunction(
      {
        address,
        ids: [IBM, 0x04ea, IBM, 0x04ea],
        pciClass: '0x068000',
        bars: [128n * KIB, 0n, 0n, 0n, 0n, 0n],
        node: {
          phandle: cells(bridgeHandles[i] ?? 0),
          'ibm,gpu': cells(handle),
          'memory-region': cells(handle + 1),
          'ibm,device-tgt-addr': longs(target),
          'ibm,nvlink-speed': cells(9),
        },
        regions: [
          { index: 0, sizeBytes: 128n * KIB },
          { index: 9, sizeBytes: 64n * KIB, capabilities: [typeOf(IBM), [SSATGT, target], [LNKSPD, 9n]] },
        ],
      },
      npu,
      files,
      links,
    );
  });
}

interface Power9Function {
  address: string;
  /** Vendor, device, and those of the subsystem. */
  ids: readonly [number, number, number, number];
  pciClass: string;
  bars: readonly bigint[];
  /** Properties of the device-tree node. */
  node: Readonly<Record<string, Uint8Array>>;
  regions: readonly NvlinkRegion[];
}

function addFunction(
  { address, ids, pciClass, bars, node, regions }: Power9Function,
  npu: Power9Npu,
  files: Files,
  links: Links,
): void {
  const directory = `/sys/bus/pci/devices/${address}`;
  const [vendor, device, subsystemVendor, subsystemDevice] = ids.map((id) => id.toString(16).padStart(4, '0'));
  const texts: Record<string, string> = {
    vendor: `0x${vendor}`,
    device: `0x${device}`,
    subsystem_vendor: `0x${subsystemVendor}`,
    subsystem_device: `0x${subsystemDevice}`,
    class: pciClass,
    modalias: `pci:v${long(ids[0])}d${long(ids[1])}sv${long(ids[2])}sd${long(ids[3])}bc${pciClass.slice(2, 4)}sc${pciClass.slice(4, 6)}i00`,
    numa_node: `${npu.numaNode}`,
    resource: resourceLines(bars),
    driver_override: 'vfio-pci',
  };
  for (const [name, text] of Object.entries(texts)) files[`${directory}/${name}`] = `${text}\n`;
  const [domain = '', bus = '', slot = ''] = address.split(':');
  const place = `pciex@600c3c${domain}/bus@${bus}/function@${slot}`;
  for (const [name, value] of Object.entries(node)) files[`/sys/firmware/devicetree/base/${place}/${name}`] = value;
  links[`${directory}/of_node`] = `../../../../firmware/devicetree/base/${place}`;
  links[`${directory}/driver`] = '../../../../bus/pci/drivers/vfio-pci';
  links[`${directory}/iommu_group`] = `../../../../kernel/iommu_groups/${npu.iommuGroup}`;
  links[`/sys/kernel/iommu_groups/${npu.iommuGroup}/devices/${address}`] = `../../../../bus/pci/devices/${address}`;
  files[`/ghpass/vfio/${address}.json`] = nvlinkHelperOutput(address, regions);
}

/** An id as modalias has it. */
function long(id: number): string {
  return id.toString(16).toUpperCase().padStart(8, '0');
}

/** Two sockets of 20 cores with four threads; firmware gives the second one the number 8. */
function nodeFiles({ npus }: Power9Host): Files {
  const root = '/sys/devices/system/node';
  const ids = [...new Set([0, 8, ...npus.map(({ numaNode }) => numaNode)])].sort((a, b) => a - b);
  const files: Files = { [`${root}/possible`]: '0-255\n', [`${root}/online`]: `${ids.join(',')}\n` };
  const kib = (256n * GIB) / KIB;
  ids.forEach((id, i) => {
    files[`${root}/node${id}/cpulist`] = `${80 * i}-${80 * i + 79}\n`;
    files[`${root}/node${id}/distance`] = `${ids.map((other) => (other === id ? 10 : 40)).join(' ')}\n`;
    files[`${root}/node${id}/meminfo`] = `Node ${id} MemTotal: ${kib} kB\nNode ${id} MemFree: ${kib} kB\n`;
  });
  return files;
}

/** NVLink2's address of a place in memory (skiboot, hw/npu2.c, "P9->GPU RA compression"). */
function targetOf(address: bigint): bigint {
  const high = (((address >> 42n) & 1n) << 42n) | (((address >> 45n) & 3n) << 43n) | (((address >> 49n) & 3n) << 45n);
  return high | (address & ((1n << 43n) - 1n));
}

function resourceLines(lengths: readonly bigint[]): string {
  let next = 0x6000_0000_0000n;
  const hex = (value: bigint) => `0x${value.toString(16).padStart(16, '0')}`;
  return lengths
    .map((length) => {
      if (length === 0n) return `${hex(0n)} ${hex(0n)} ${hex(0n)}`;
      const start = (next + length - 1n) & ~(length - 1n);
      next = start + length;
      return `${hex(start)} ${hex(next - 1n)} ${hex(0x14220cn)}`;
    })
    .join('\n');
}

/** A property of the device tree: 32-bit cells, big-endian. */
function cells(...values: number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i);
  });
  return bytes;
}

function longs(...values: bigint[]): Uint8Array {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => {
    bytes.writeBigUInt64BE(value, 8 * i);
  });
  return bytes;
}
