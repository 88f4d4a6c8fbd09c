import { NEWEST_LIBVIRT, NEWEST_TOOLS } from '../programs/newest-tools.ts';
import { carveOutRegions, nextPowerOfTwo, wholeRegions } from './driver-regions.ts';
import type { SyntheticGpu, SyntheticHost, SyntheticNode } from './synthesize.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;
const TIB = 1n << 40n;

/** One instance of the memory and seven of MIG: the nodes that firmware makes for each GPU. */
export const NODES_PER_GPU = 8;
const CPUS_PER_SOCKET = 72;
const MEMORY_PER_SOCKET_BYTES = 480n * GIB;

/** Kernel options of a host as NVIDIA asks for it (facts of Linux 6.17). */
export const GRACE_KERNEL_CONFIG: Readonly<Record<string, string>> = {
  ARM64_64K_PAGES: 'y',
  ARM_SMMU_V3: 'y',
  ACPI_APEI_GHES: 'y',
  IOMMUFD: 'm',
  MEMORY_FAILURE: 'y',
  NODES_SHIFT: '6',
  NVGRACE_GPU_VFIO_PCI: 'm',
  VFIO: 'm',
  VFIO_CONTAINER: 'y',
  VFIO_DEVICE_CDEV: 'y',
  VFIO_GROUP: 'y',
  VFIO_IOMMU_TYPE1: 'm',
};

/** What all GPUs of a board have in common. */
export interface Product {
  device: number;
  subsystemDevice: number;
  memoryBytes: bigint;
  bar0Bytes: bigint;
  migWorksWithCachedMemory: boolean;
}

/** A host with one board: the GPUs in order of their addresses, as many for each socket. */
export function boardHost(product: Product, addresses: readonly string[], sockets: number): SyntheticHost {
  const gpus = addresses.map((address, i) => gpuAt(product, address, i, { sockets, gpus: addresses.length }));
  const size = `${Number((product.memoryBytes * 100n) / GIB) / 100} GiB`;
  return {
    about: `sizes are the driver’s arithmetic for ${size} of coherent memory, not those of a real board`,
    release: '6.17.0',
    kernelConfig: GRACE_KERNEL_CONFIG,
    gpus,
    nodes: nodesOf(gpus, sockets),
    tools: NEWEST_TOOLS,
    libvirt: NEWEST_LIBVIRT,
  };
}

function gpuAt(
  product: Product,
  address: string,
  position: number,
  board: { sockets: number; gpus: number },
): SyntheticGpu {
  const { device, subsystemDevice, memoryBytes, bar0Bytes, migWorksWithCachedMemory } = product;
  const bar2Bytes = nextPowerOfTwo(memoryBytes);
  return {
    address,
    device,
    subsystemDevice,
    driver: 'nvgrace_gpu_vfio_pci',
    iommuGroup: `${12 + position}`,
    numaNode: Math.floor((position * board.sockets) / board.gpus),
    memory: { base: 2n * TIB * BigInt(position + 1), sizeBytes: memoryBytes },
    bars: [bar0Bytes, bar2Bytes, 32n * MIB],
    migWorksWithCachedMemory,
    regions: migWorksWithCachedMemory
      ? wholeRegions(bar0Bytes, bar2Bytes, memoryBytes)
      : carveOutRegions(bar0Bytes, memoryBytes),
    proximityDomains: [board.sockets + NODES_PER_GPU * position, NODES_PER_GPU],
  };
}

/** Sockets first, then the nodes of the GPUs, each eight. As far as 40 between sockets, 80 to a socket's own GPUs, 160 across. */
export function nodesOf(gpus: readonly SyntheticGpu[], sockets: number): SyntheticNode[] {
  const places = [
    ...Array.from({ length: sockets }, (_, socket) => ({ socket, gpu: -1 })),
    ...gpus.flatMap(({ numaNode }, gpu) => Array.from({ length: NODES_PER_GPU }, () => ({ socket: numaNode, gpu }))),
  ];
  type Spot = (typeof places)[number];
  const distance = (from: Spot, to: Spot) => {
    if (from === to) return 10;
    if (from.gpu === to.gpu) return from.gpu < 0 ? 40 : 11;
    return from.socket === to.socket ? 80 : 160;
  };
  return places.map((place) => ({
    cpus: place.gpu < 0 ? cpusOf(place.socket) : null,
    memoryBytes: place.gpu < 0 ? MEMORY_PER_SOCKET_BYTES : 0n,
    distances: places.map((other) => distance(place, other)),
  }));
}

function cpusOf(socket: number): [number, number] {
  return [CPUS_PER_SOCKET * socket, CPUS_PER_SOCKET * (socket + 1) - 1];
}
