import type { GpuFacts } from '../../vfio/gpu.ts';
import type { GuestPlan, PlannedGpu } from '../guest-plan.ts';
import type { PseriesGpu, PseriesLink, PseriesPlan } from '../pseries-plan.ts';
import type { GuestBar, GuestGpu, GuestMemoryNode, GuestTopology } from './topology.ts';

/** What a picture shows of a plan. */
export type DrawnPlan = Pick<GuestPlan, 'name' | 'accelerator' | 'memoryBytes' | 'nodes'> & {
  machine: Pick<GuestPlan['machine'], 'windowBytes'>;
  cpus: Pick<GuestPlan['cpus'], 'count'>;
  gpus: readonly (Pick<
    PlannedGpu,
    'address' | 'expanderBus' | 'guestNode' | 'guestAddress' | 'nodes' | 'rootPortWindowBytes' | 'bars'
  > & { smmu: object | null })[];
};

/** As {@link DrawnPlan}, of a guest on POWER9. */
export type DrawnPseries = Pick<PseriesPlan, 'name' | 'machine' | 'accelerator' | 'cpus' | 'memoryBytes'> & {
  hostBridges: readonly { index: number; gpus: readonly DrawnPseriesGpu[] }[];
};

type DrawnPseriesGpu = Omit<PseriesGpu, 'id' | 'links'> & { links: readonly Pick<PseriesLink, 'address' | 'slot'>[] };

/**
 * The picture of a guest.
 * @param gpus of the host, for what is in the BARs; one that is missing leaves its own without that.
 */
export function guestTopology(plan: DrawnPlan, gpus: readonly GpuFacts[]): GuestTopology {
  const { name, accelerator, memoryBytes, machine, cpus } = plan;
  const ofNode = (id: number) => plan.gpus.filter(({ guestNode }) => guestNode === id);
  return {
    name,
    machine: 'virt',
    accelerator,
    vcpus: cpus.count,
    memoryBytes,
    window: {
      sizeBytes: machine.windowBytes,
      gpuBytes: plan.gpus.reduce((sum, { rootPortWindowBytes }) => sum + rootPortWindowBytes, 0n),
    },
    nodes: plan.nodes
      .filter(({ gpu }) => gpu === null)
      .map((node): GuestMemoryNode => {
        const { id, hostNode } = node;
        const guests = ofNode(id).map((gpu) => guestGpu(gpu, gpus));
        return { id, cpus: [...(node.cpus ?? [])], memoryBytes: node.memoryBytes, hostNode, gpus: guests };
      }),
  };
}

function guestGpu(planned: DrawnPlan['gpus'][number], gpus: readonly GpuFacts[]): GuestGpu {
  const { address, guestAddress, expanderBus, smmu, rootPortWindowBytes, nodes } = planned;
  const facts = gpus.find(({ pci }) => pci.address === address) ?? null;
  return {
    address,
    place: { kind: 'expander', guestAddress, expanderBus, smmu: smmu !== null, rootPortWindowBytes },
    nodes: [...nodes],
    bars: planned.bars.map(({ index, sizeBytes }) => ({ index, sizeBytes, parts: partsOf(index, sizeBytes, facts) })),
  };
}

/** What is in a BAR of the guest: memory and what pads it to a power of two, or the device itself. */
function partsOf(index: number, barBytes: bigint, facts: GpuFacts | null): GuestBar['parts'] {
  if (facts === null) return [];
  const { usable, reserved } = facts.memory;
  const [what, region] = usable?.region === index ? (['usable', usable] as const) : (['reserved', reserved] as const);
  if (region?.region !== index) return [{ what: 'device', sizeBytes: barBytes }];
  const padding = barBytes - region.sizeBytes;
  const memory = { what, sizeBytes: region.sizeBytes };
  return padding > 0n ? [memory, { what: 'padding', sizeBytes: padding }] : [memory];
}

/** The picture of a guest on POWER9: QEMU makes one node of all its memory, and one of the memory of each GPU. */
export function pseriesTopology(plan: DrawnPseries): GuestTopology {
  const { name, machine, accelerator, cpus, memoryBytes, hostBridges } = plan;
  const gpus = hostBridges.flatMap((bridge) => bridge.gpus.map((gpu) => pseriesGpu(gpu, bridge.index)));
  const node = { id: 0, cpus: Array.from({ length: cpus.count }, (_, i) => i), memoryBytes, hostNode: null, gpus };
  return { name, machine, accelerator, vcpus: cpus.count, memoryBytes, window: null, nodes: [node] };
}

function pseriesGpu(gpu: DrawnPseriesGpu, bridge: number): GuestGpu {
  const { address, slot, memoryAddress, memoryBytes, guestNode, links } = gpu;
  return {
    address,
    place: {
      kind: 'bridge',
      bridge,
      slot,
      memoryAddress,
      memoryBytes,
      links: links.map((link) => ({ address: link.address, slot: link.slot })),
    },
    nodes: [guestNode],
    bars: [],
  };
}
