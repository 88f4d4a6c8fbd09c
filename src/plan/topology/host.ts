import type { HostFacts } from '../../host/facts.ts';
import type { Places } from '../../host/numa/places.ts';
import { formatIds } from '../../vfio/catalogue.ts';
import { coherentMemoryBytes, firmwareMemory, type GpuFacts } from '../../vfio/gpu.ts';
import { socketNode } from '../host-nodes.ts';
import { initiatorNodes } from '../initiator-nodes.ts';
import type { HostGpu, HostNode, HostTopology, Part, Socket } from './topology.ts';

/** The picture of a host with these GPUs. */
export function hostTopology(host: HostFacts, gpus: readonly GpuFacts[], places: Places): HostTopology {
  const { source, numa } = host;
  const initiators = initiatorNodes(host);
  const drawn = gpus.map((gpu) => ({
    near: socketNode(numa, gpu),
    gpu: hostGpu(gpu, places, initiators.get(gpu.pci.address) ?? []),
  }));
  const near = (node: number | null) => drawn.filter((one) => one.near === node).map(({ gpu }) => gpu);
  const all = numa?.nodes ?? [];
  const nodes = all
    .filter(({ cpus }) => cpus.length > 0)
    .map(({ id, cpus, memoryBytes }): HostNode => ({ id, cpus, memoryBytes, gpus: near(id) }));
  return {
    name: source.name,
    synthetic: source.synthetic,
    sockets: inSockets(nodes, places.sockets),
    unplaced: near(null),
    memoryNodes: all.flatMap(({ id, cpus, memoryBytes }) =>
      cpus.length === 0 && memoryBytes ? [{ id, memoryBytes }] : [],
    ),
  };
}

function inSockets(nodes: readonly HostNode[], socketOf: ReadonlyMap<number, number>): Socket[] {
  const sockets: Socket[] = [];
  for (const node of nodes) {
    const id = socketOf.get(node.id) ?? null;
    const socket = id === null ? undefined : sockets.find((other) => other.id === id);
    if (socket) socket.nodes.push(node);
    else sockets.push({ id, nodes: [node] });
  }
  return sockets;
}

function hostGpu(gpu: GpuFacts, places: Places, nodes: number[]): HostGpu {
  const { pci, memory } = gpu;
  return {
    address: pci.address,
    name: gpu.name ?? formatIds(pci.vendor, pci.device),
    driver: pci.driver,
    iommuGroup: pci.iommuGroup,
    rootPort: places.rootPorts.get(pci.address) ?? null,
    layout: memory.layout,
    sizes: memory.origin,
    bars: pci.bars.flatMap(({ lengthBytes }, index) => (lengthBytes > 0n ? [{ index, sizeBytes: lengthBytes }] : [])),
    memory: memoryOf(gpu),
    nodes,
    links: (gpu.nvlink?.links ?? []).map((link) => link.pci.address),
  };
}

function memoryOf(gpu: GpuFacts): HostGpu['memory'] {
  const sizeBytes = coherentMemoryBytes(gpu);
  if (sizeBytes === null) return null;
  const { usable, reserved } = gpu.memory;
  const parts: Part[] = [];
  if (usable) parts.push({ what: 'usable', sizeBytes: usable.sizeBytes });
  if (reserved) parts.push({ what: 'reserved', sizeBytes: reserved.sizeBytes });
  return { base: firmwareMemory(gpu)?.base ?? null, sizeBytes, parts };
}
