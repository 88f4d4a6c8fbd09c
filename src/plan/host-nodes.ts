import type { NumaFacts } from '../host/numa.ts';
import type { GpuFacts } from '../vfio/gpu.ts';

/**
 * Host nodes that the guest's memory may come from: those of the GPUs' sockets that have CPUs. GPU memory that the host
 * has put online is a node too, without CPUs, and must never carry a guest: it is the very memory that is passed through.
 * @returns ascending; empty where the host shows no NUMA nodes, and then nothing is bound.
 */
export function planHostNodes(numa: NumaFacts | null, gpus: readonly GpuFacts[]): number[] {
  if (numa === null) return [];
  const withCpus = numa.nodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id);
  const near = new Set(gpus.flatMap(({ pci }) => pci.numaNode ?? []));
  const preferred = withCpus.filter((id) => near.has(id));
  return preferred.length > 0 ? preferred : withCpus.slice(0, 1);
}
