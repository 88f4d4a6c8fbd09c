import { GhpassError } from '../errors.ts';
import type { NumaFacts } from '../host/numa/numa.ts';
import { type GpuFacts, guestBars } from '../vfio/gpu.ts';
import type { GuestNode, PlannedGpu, PlannedSmmu } from './guest-plan.ts';
import { socketNode } from './host-nodes.ts';
import { rootPortWindow } from './mmio-window.ts';

/** Bus numbers below are left to the devices of the default root complex. */
const FIRST_EXPANDER_BUS = 0x40;
/** An expander bus needs its own number and one for the root port; the rest is room for what firmware reserves. */
const EXPANDER_BUS_STRIDE = 8;

/**
 * Each GPU alone: an expander bus with the guest node that its host node became, a root port in slot 0 of it, and the GPU
 * in slot 0, function 0 behind that. The guest's driver refuses a generic initiator with another device or function number
 * (open-gpu-kernel-modules 595.45.04), and bus 0 has no NUMA node.
 * @param nodes of {@link planNodes}.
 * @param numa of the host.
 * @param smmu what each expander bus gets; null for none.
 * @param taken numbers of expander buses that the guest has already.
 * @throws GhpassError `pci.buses-taken`.
 */
export function planGpus(
  gpus: readonly GpuFacts[],
  nodes: readonly GuestNode[],
  {
    numa,
    smmu,
    taken = [],
  }: { numa: NumaFacts | null; smmu: PlannedSmmu | null; taken?: readonly number[] | undefined },
): PlannedGpu[] {
  const buses = freeBuses(taken);
  return gpus.map((gpu, i) => {
    const expanderBus = buses[i] ?? tooMany(gpus.length);
    const socket = socketNode(numa, gpu);
    const near = nodes.find(({ hostNode }) => hostNode !== null && hostNode === socket);
    return {
      address: gpu.pci.address,
      id: `gpu${i}`,
      vendor: gpu.pci.vendor,
      device: gpu.pci.device,
      expanderBus,
      guestNode: near?.id ?? 0,
      guestAddress: `0000:${(expanderBus + 1).toString(16)}:00.0`,
      nodes: nodes.filter((node) => node.gpu === gpu.pci.address).map(({ id }) => id),
      smmu,
      rootPortWindowBytes: rootPortWindow([...guestBars(gpu).values()]),
      bars: [...guestBars(gpu)].map(([index, sizeBytes]) => ({ index, sizeBytes })),
    };
  });
}

/** Numbers with room behind them, and far enough from those that are taken. */
function freeBuses(taken: readonly number[]): number[] {
  const all = Array.from(
    { length: (0x100 - FIRST_EXPANDER_BUS) / EXPANDER_BUS_STRIDE },
    (_, i) => FIRST_EXPANDER_BUS + i * EXPANDER_BUS_STRIDE,
  );
  return all.filter((bus) => taken.every((other) => Math.abs(other - bus) >= EXPANDER_BUS_STRIDE));
}

function tooMany(gpus: number): never {
  throw new GhpassError('check', {
    code: 'pci.buses-taken',
    message: `${gpus} GPUs need as many expander buses with ${EXPANDER_BUS_STRIDE} numbers each from ${FIRST_EXPANDER_BUS} up, and the guest has too few left`,
    suggestions: ['give the guest fewer GPUs', 'take expander buses out of the domain'],
  });
}
