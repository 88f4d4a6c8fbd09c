import type { NumaFacts } from '../host/numa/numa.ts';
import type { GpuFacts } from '../vfio/gpu.ts';

/**
 * Host nodes that the guest's memory may come from: those of the GPUs' sockets that have CPUs. GPU memory that the host
 * has put online is a node too, without CPUs, and must never carry a guest: it is the very memory that is passed through.
 * @returns ascending; empty where the host shows no NUMA nodes, and then nothing is bound.
 */
export function planHostNodes(numa: NumaFacts | null, gpus: readonly GpuFacts[]): number[] {
  if (numa === null) return [];
  const near = new Set(gpus.flatMap((gpu) => socketNode(numa, gpu) ?? []));
  const withCpus = numa.nodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id);
  return near.size > 0 ? withCpus.filter((id) => near.has(id)) : withCpus.slice(0, 1);
}

/**
 * The node with CPUs that a GPU is nearest to: the one that the kernel says, and where that has none, as the GPU's own memory
 * does not, the nearest to it by the SLIT.
 * @returns null where nothing tells.
 */
export function socketNode(numa: NumaFacts | null, { pci }: GpuFacts): number | null {
  const own = numa?.nodes.find(({ id }) => id === pci.numaNode);
  if (!numa || !own) return null;
  if (own.cpus.length > 0) return own.id;
  const sockets = numa.nodes.flatMap(({ id, cpus }, i) => {
    const distance = own.distances[i];
    return cpus.length === 0 || distance === undefined ? [] : [{ id, distance }];
  });
  return sockets.sort((a, b) => a.distance - b.distance)[0]?.id ?? null;
}
