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

/** Files and links of the host, by path; functions add theirs. */
export type Files = Record<string, string | Uint8Array>;
export type Links = Record<string, string>;

/** Device-tree nodes and functions of one GPU: itself, its window and its bridges point at each other by phandle. */
export function addPower9Gpu(npu: Power9Npu, gpu: Power9Gpu, handle: number, files: Files, links: Links): void {
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
