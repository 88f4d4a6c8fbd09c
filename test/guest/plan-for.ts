import { prepareGuest } from '../../src/guest/life/prepare.ts';
import { GH200 } from '../../src/host/builtin/gh200.ts';
import { type SyntheticGpu, type SyntheticNode, synthesize } from '../../src/host/builtin/synthesize.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
import type { GuestPlan } from '../../src/plan/guest-plan.ts';
import { DEFAULT_PLACEMENT } from '../../src/plan/request.ts';

const NODES_PER_GPU = 8;
const ADDRESSES = ['0009:01:00.0', '0019:01:00.0'];

/** What took the place of the GPU in the guests that were recorded: a virtio entropy device with its BAR4. */
const STAND_IN = { vendor: 0x1af4, device: 0x1044, bars: [{ index: 4, sizeBytes: 0x4000n }] };

/** The plan for a host with that many GH200, as the recorded guests were started from; the stand-in is in it. */
export async function planFor(gpuCount: number): Promise<GuestPlan> {
  const [gpu] = GH200.gpus;
  const gpus = ADDRESSES.slice(0, gpuCount).map((address, i): SyntheticGpu => {
    if (!gpu) throw new Error('the built-in host has no GPU');
    return { ...gpu, address, proximityDomains: [1 + NODES_PER_GPU * i, NODES_PER_GPU] };
  });
  const host = synthesize({ ...GH200, gpus, nodes: hostNodes(gpuCount * NODES_PER_GPU) });
  const request = {
    ...{ name: 'smoke', memoryBytes: 1n << 30n, vcpus: 2, accelerator: 'tcg' as const, iommufd: false },
    boot: { kernel: null, initrd: null, append: null, disks: [] },
    network: null,
    placement: DEFAULT_PLACEMENT,
  };
  const captured = capturedHost('builtin', 'made-up', memoryFiles(host));
  const { plan } = await prepareGuest(captured, ADDRESSES.slice(0, gpuCount), request, { open: true });
  return { ...plan, gpus: plan.gpus.map((planned) => ({ ...planned, ...STAND_IN })) };
}

/** One node with memory; the nodes of one GPU are near to each other and far from those of the other. */
function hostNodes(initiators: number): SyntheticNode[] {
  const each = Array.from({ length: initiators }, (_, i) => i);
  const distance = (i: number, j: number) => {
    if (i === j) return 10;
    return Math.floor(i / NODES_PER_GPU) === Math.floor(j / NODES_PER_GPU) ? 11 : 120;
  };
  return [
    { cpus: [0, 71], memoryBytes: 480n << 30n, distances: [10, ...each.map(() => 80)] },
    ...each.map((i) => ({ cpus: null, memoryBytes: 0n, distances: [80, ...each.map((j) => distance(i, j))] })),
  ];
}
