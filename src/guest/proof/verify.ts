import { nodesOfProximityDomains } from '../../host/acpi/proximity.ts';
import { formatNumberList } from '../../host/numa/number-list.ts';
import type { Bar, PciFunction } from '../../host/pci/pci.ts';
import type { GuestNode, GuestPlan, PlannedGpu } from '../../plan/guest-plan.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { formatIds } from '../../vfio/catalogue.ts';
import type { GuestFacts } from './guest-facts.ts';

/** As many differences of distances as a line can hold. */
const MANY = 4;

/** One line of the comparison between a plan and what the guest sees. */
export interface Comparison {
  /** Id of the finding that a difference is. */
  id: string;
  /** The GPU's address on the host; null for what concerns the whole guest. */
  gpu: string | null;
  what: string;
  planned: string;
  seen: string;
  equal: boolean;
}

/**
 * Holds a guest against its plan. Nodes are matched by proximity domain and GPUs by their bus number, never by node number:
 * QEMU lists the generic initiators in hash order, and Linux numbers nodes as it meets them.
 */
export function compareGuest(plan: GuestPlan, guest: GuestFacts): Comparison[] {
  const view = guestView(guest);
  return [
    ...compareTables(plan, guest),
    ...plan.nodes.flatMap((node) => compareRam(node, guest)),
    ...compareDistances(plan, guest, view),
    ...plan.gpus.flatMap((gpu) => compareGpu(plan, gpu, guest, view)),
  ];
}

/** Node of each proximity domain that got one. */
type GuestView = ReadonlyMap<number, number>;

function guestView({ srat, numa }: GuestFacts): GuestView {
  return srat && numa ? nodesOfProximityDomains(srat, numa.possible.length) : new Map();
}

function compareTables(plan: GuestPlan, { srat, numa }: GuestFacts): Comparison[] {
  const domains = new Set(
    [...(srat?.processors ?? []), ...(srat?.memory ?? []), ...(srat?.genericInitiators ?? [])].map(
      ({ proximityDomain }) => proximityDomain,
    ),
  );
  const compare = comparing('kernel.nodes-shift', null);
  return [
    compare('proximity domains in the SRAT', list(plan.nodes.map(({ id }) => id)), list([...domains])),
    compare('nodes that the kernel made room for', `${plan.nodes.length}`, `${numa?.possible.length ?? 0}`),
  ];
}

/** What the table says, because the kernel keeps some of the memory for itself, and brings up the CPUs that it is told to. */
function compareRam({ id, cpus, memoryBytes, gpu }: GuestNode, { srat }: GuestFacts): Comparison[] {
  if (gpu !== null || srat === null) return [];
  const inNode = (entry: { proximityDomain: number }) => entry.proximityDomain === id;
  const memory = srat.memory.filter((range) => inNode(range) && !range.hotPluggable && !range.nonVolatile);
  const seenBytes = memory.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n);
  const seenCpus = srat.processors.filter(inNode).map(({ uid }) => uid);
  return [
    comparing('guest.node-memory', null)(
      `memory of proximity domain ${id}`,
      formatBytes(memoryBytes),
      formatBytes(seenBytes),
    ),
    comparing('guest.node-cpus', null)(`vCPUs of proximity domain ${id}`, list(cpus ?? []), list(seenCpus)),
  ];
}

/** Between nodes that are there; that one is missing is told by the lines about generic initiators. */
function compareDistances({ distances }: GuestPlan, { numa }: GuestFacts, view: GuestView): Comparison[] {
  if (distances === null) return [];
  const nodes = numa?.nodes ?? [];
  const seen = (from: number, to: number) => {
    const column = nodes.findIndex(({ id }) => id === view.get(to));
    return nodes.find(({ id }) => id === view.get(from))?.distances[column];
  };
  const present = distances.flatMap((_, domain) => (view.has(domain) ? [domain] : []));
  const different = present.flatMap((from) =>
    present.flatMap((to) => {
      const distance = seen(from, to);
      return distance === distances[from]?.[to] ? [] : `${from}→${to} is ${distance ?? 'not known'}`;
    }),
  );
  const planned = `those of the host's SLIT, ${present.length}×${present.length}`;
  const more = different.length > MANY ? `, and ${different.length - MANY} more` : '';
  const told = present.length === 0 ? 'no nodes' : `${different.slice(0, MANY).join(', ')}${more}` || planned;
  return [comparing('guest.distances', null)('distances between the nodes that are there', planned, told)];
}

function compareGpu(plan: GuestPlan, gpu: PlannedGpu, guest: GuestFacts, view: GuestView): Comparison[] {
  const device = guest.functions.find(({ address }) => address === gpu.guestAddress);
  return [
    comparing('topology.root-port', gpu.address)(
      'PCI function, alone in slot 0 behind its root port',
      `${gpu.guestAddress} ${formatIds(gpu.vendor, gpu.device)}`,
      behindRootPort(gpu, guest),
    ),
    ...compareInitiators(gpu, guest, view),
    ...compareNodes(plan, gpu, guest, view),
    ...gpu.bars.map((bar) => compareBar(gpu, bar, device)),
    comparing('guest.numa-node', gpu.address)(
      'node of the PCI function',
      `${view.get(gpu.guestNode) ?? 'not there'}`,
      `${device?.numaNode ?? 'none'}`,
    ),
  ];
}

/** Every function on the GPU's bus: there must be one, the GPU. */
function behindRootPort(gpu: PlannedGpu, { functions }: GuestFacts): string {
  const bus = gpu.guestAddress.slice(0, -'00.0'.length);
  const present = functions.filter(({ address }) => address.startsWith(bus));
  return (
    present.map(({ address, vendor, device }) => `${address} ${formatIds(vendor, device)}`).join(', ') || 'not there'
  );
}

function compareInitiators(gpu: PlannedGpu, { srat, numa }: GuestFacts, view: GuestView): Comparison[] {
  const mine = (srat?.genericInitiators ?? []).filter(({ address }) => address === gpu.guestAddress);
  const others = (srat?.genericInitiators ?? []).filter(
    ({ address, proximityDomain }) => address !== gpu.guestAddress && gpu.nodes.includes(proximityDomain),
  );
  const domains = mine.map(({ proximityDomain }) => proximityDomain);
  const withNode = gpu.nodes.filter((domain) => {
    const node = view.get(domain);
    return node !== undefined && numa?.withGenericInitiator.includes(node);
  });
  const lost = gpu.nodes.filter((domain) => !withNode.includes(domain));
  const suffix = lost.length > 0 ? `; no node for proximity domain ${list(lost)}` : '';
  return [
    comparing('guest.gi-missing', gpu.address)(
      `generic initiators in the SRAT that name ${gpu.guestAddress}`,
      `${gpu.nodes.length}: proximity domains ${list(gpu.nodes)}`,
      `${domains.length}: proximity domains ${list(domains)}`,
    ),
    comparing('gi.shared-node', gpu.address)(
      "other devices on the GPU's nodes",
      'none',
      others.map(({ address, proximityDomain }) => `${address} in ${proximityDomain}`).join(', ') || 'none',
    ),
    comparing('guest.gi-missing', gpu.address)(
      'proximity domains with a node that has a generic initiator',
      list(gpu.nodes),
      `${list(withNode)}${suffix}`,
    ),
  ];
}

/** Memory that is not in the SRAT came later: the GPU's own, where NVIDIA's driver is loaded. */
function compareNodes(plan: GuestPlan, gpu: PlannedGpu, guest: GuestFacts, view: GuestView): Comparison[] {
  const { srat, numa, driver } = guest;
  const populated = gpu.nodes.filter((domain) => {
    const node = numa?.nodes.find(({ id }) => id === view.get(domain));
    const inTable = [...(srat?.memory ?? []), ...(srat?.processors ?? [])].some(
      ({ proximityDomain }) => proximityDomain === domain,
    );
    const hasMemory = driver === null && (node?.memoryBytes ?? 0n) > 0n;
    return inTable || hasMemory || (node?.cpus.length ?? 0) > 0;
  });
  const ramNodes = plan.nodes.filter((node: GuestNode) => node.gpu === null).map(({ id }) => id);
  return [
    comparing('gi.shared-node', gpu.address)(
      "the GPU's nodes that have memory or CPUs",
      'none',
      populated.length === 0 ? 'none' : `${list(populated)} (memory belongs in ${list(ramNodes)})`,
    ),
  ];
}

function compareBar(
  gpu: PlannedGpu,
  { index, sizeBytes }: PlannedGpu['bars'][number],
  device: PciFunction | undefined,
): Comparison {
  const seen = describeBar(device?.bars[index]);
  return comparing(index === 4 ? 'guest.bar4' : 'mmio.window', gpu.address)(
    `BAR${index}`,
    formatBytes(sizeBytes),
    seen,
  );
}

function describeBar(bar: Bar | undefined): string {
  if (bar === undefined || bar.lengthBytes === 0n) return 'not there';
  return bar.start === 0n ? `${formatBytes(bar.lengthBytes)}, not placed` : formatBytes(bar.lengthBytes);
}

/** A comparison is of two texts: what is shown is what was compared. */
function comparing(id: string, gpu: string | null) {
  return (what: string, planned: string, seen: string): Comparison => ({
    id,
    gpu,
    what,
    planned,
    seen,
    equal: planned === seen,
  });
}

function list(numbers: readonly number[]): string {
  return formatNumberList(numbers) || 'none';
}
