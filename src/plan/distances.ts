import type { NumaFacts, NumaNode } from '../host/numa/numa.ts';
import type { GpuFacts } from '../vfio/gpu.ts';
import type { GuestNode } from './guest-plan.ts';

const LOCAL = 10;
/** Linux drops a whole SLIT in which another node is as near as the own one (drivers/acpi/numa/srat.c, slit_valid). */
const NEAREST_REMOTE = 11;

/**
 * Distances of the guest's nodes, each taken from the host's SLIT. All nodes of a GPU get the row of one host node of that
 * GPU: the SRAT lists them in hash order, so which of the eight the guest's driver will use is not foreseeable.
 * @param initiatorNodes host nodes of each GPU's generic initiators, by the GPU's address.
 * @returns null where the host's distances are not known for every pair; the guest then has Linux's 10 and 20.
 */
export function planDistances(
  numa: NumaFacts | null,
  gpus: readonly GpuFacts[],
  nodes: readonly GuestNode[],
  initiatorNodes: ReadonlyMap<string, readonly number[]>,
): number[][] | null {
  if (numa === null || gpus.some(({ pci }) => !initiatorNodes.get(pci.address)?.length)) return null;
  const hostNodeOf = ({ gpu, hostNode }: GuestNode) =>
    gpu === null ? hostNode : (initiatorNodes.get(gpu)?.[0] ?? null);
  const matrix: number[][] = [];
  for (const from of nodes) {
    const row: number[] = [];
    for (const to of nodes) {
      const distance = from.id === to.id ? LOCAL : remoteDistance(numa.nodes, hostNodeOf(from), hostNodeOf(to));
      if (distance === null) return null;
      row.push(distance);
    }
    matrix.push(row);
  }
  return matrix;
}

function remoteDistance(nodes: readonly NumaNode[], from: number | null, to: number | null): number | null {
  const column = nodes.findIndex(({ id }) => id === to);
  const distance = nodes.find(({ id }) => id === from)?.distances[column];
  return distance === undefined ? null : Math.max(distance, NEAREST_REMOTE);
}
