import { MIB } from '../vfio/bytes.ts';
import type { GpuFacts } from '../vfio/gpu.ts';
import type { DomainCell, DomainFacts } from './domain-facts.ts';
import type { GuestNode } from './guest-plan.ts';

/**
 * One node for the GPU and one for each of its seven MIG instances: Linux cannot make nodes at run time, so they are there
 * from the start (QEMU b64b7ed8bb5d).
 */
export const NODES_PER_GPU = 8;

/**
 * Nodes of the guest: first one with memory and vCPUs for each host node that a GPU is near to, then the nodes of each GPU,
 * memory-less and CPU-less, consecutive and never shared. Ids are dense, because QEMU refuses gaps; nodes with memory come
 * first, because the guest's kernel wants its boot memory in node 0.
 * @param hostNodes host nodes whose memory the guest may use, in ascending order; empty where the host has no say.
 * @param guest.hugePageBytes what the memory of each node is a multiple of; left out or null for ordinary pages.
 */
export function planNodes(
  gpus: readonly GpuFacts[],
  hostNodes: readonly number[],
  guest: { memoryBytes: bigint; vcpus: number; hugePageBytes?: bigint | null; domain?: DomainFacts | undefined },
): GuestNode[] {
  const cells = guest.domain?.cells ?? [];
  const memory = cells.length > 0 ? nodesOfCells(cells, hostNodes) : shareOut(hostNodes, guest);
  const initiators = gpus.flatMap((gpu) => Array<string>(NODES_PER_GPU).fill(gpu.pci.address));
  const ofGpus = initiators.map((gpu, i): GuestNode => {
    return { id: memory.length + i, cpus: null, memoryBytes: 0n, hostNode: null, gpu };
  });
  return [...memory, ...ofGpus];
}

/** Cells that are there already; where nobody has bound their memory, it is bound as that of a new guest would be. */
function nodesOfCells(cells: readonly DomainCell[], hostNodes: readonly number[]): GuestNode[] {
  return cells.map(({ cpus, memoryBytes, hostNode }, id) => ({
    id,
    cpus: cpus.length === 0 ? null : cpus,
    memoryBytes,
    hostNode: hostNode ?? hostNodes[Math.min(id, hostNodes.length - 1)] ?? null,
    gpu: null,
  }));
}

function shareOut(
  hostNodes: readonly number[],
  guest: { memoryBytes: bigint; vcpus: number; hugePageBytes?: bigint | null },
): GuestNode[] {
  const page = guest.hugePageBytes ?? MIB;
  const unit = page > MIB ? page : MIB;
  const parts = Math.max(1, Math.min(hostNodes.length, guest.vcpus, Number(guest.memoryBytes / unit)));
  return Array.from({ length: parts }, (_, i): GuestNode => {
    const first = Math.floor((i * guest.vcpus) / parts);
    const next = Math.floor(((i + 1) * guest.vcpus) / parts);
    return {
      id: i,
      cpus: Array.from({ length: next - first }, (_, cpu) => first + cpu),
      memoryBytes: share(guest.memoryBytes, i, { parts, unit }),
      hostNode: hostNodes[i] ?? null,
      gpu: null,
    };
  });
}

/**
 * Sockets of the guest. QEMU would put all vCPUs into one cluster, and warns that Linux may misbehave where that spans nodes
 * (hw/core/machine.c, validate_cpu_cluster_to_numa_boundary, QEMU 8.1). It wants every socket full, so vCPUs that cannot be
 * shared out evenly stay in one.
 */
export function planSockets(vcpus: number, nodes: readonly GuestNode[]): number {
  const withCpus = nodes.filter(({ cpus }) => cpus !== null).length;
  return vcpus % withCpus === 0 ? withCpus : 1;
}

/** Part `i` of `parts`, in whole units; the last part takes what is left. */
function share(bytes: bigint, i: number, { parts, unit }: { parts: number; unit: bigint }): bigint {
  const each = (bytes / BigInt(parts) / unit) * unit;
  return i < parts - 1 ? each : bytes - each * BigInt(parts - 1);
}
