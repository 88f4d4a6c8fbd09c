import { formatNumberList } from '../../host/numa/number-list.ts';
import { DEFAULT_WINDOW_BYTES } from '../../plan/mmio-window.ts';
import type {
  BridgePlace,
  ExpanderPlace,
  GuestGpu,
  GuestMemoryNode,
  GuestTopology,
  HostGpu,
  HostNode,
  HostTopology,
  MmioWindow,
  Part,
  Socket,
  Topology,
} from '../../plan/topology/topology.ts';
import { formatAddress, formatBytes } from '../../vfio/bytes.ts';
import type { Box, Content, Filling } from './drawing.ts';

/** What is between two things that are said in one line. */
const AND = ' · ';

const PARTS: Readonly<Record<Part['what'], string>> = {
  usable: 'usable',
  reserved: 'reserved',
  padding: 'padding',
  device: 'the device itself',
};

/** A topology in words and boxes. */
export function describeTopology({ host, guest }: Topology): Box[] {
  return [...(host ? [hostBox(host)] : []), ...(guest ? [guestBox(guest)] : [])];
}

function hostBox({ name, synthetic, sockets, unplaced, memoryNodes }: HostTopology): Box {
  const others = memoryNodes.map(({ id, memoryBytes }) => `${id} (${size(memoryBytes)})`).join(', ');
  return {
    title: name === 'local' ? 'this host' : `host ${name}`,
    contents: [
      ...lines([synthetic === null ? null : `synthetic: ${synthetic}`]),
      ...row(sockets.map(socketBox)),
      ...lines([
        sockets.length === 0 ? 'no NUMA node with CPUs is known' : null,
        others === '' ? null : `nodes with memory and without CPUs: ${others}`,
        unplaced.length === 0 ? null : 'near to which CPUs is not known:',
      ]),
      ...row(unplaced.map(hostGpuBox)),
    ],
  };
}

function socketBox({ id, nodes }: Socket): Box {
  return { title: id === null ? 'socket of unknown number' : `socket ${id}`, contents: nodes.flatMap(hostNode) };
}

function hostNode({ id, cpus, memoryBytes, gpus }: HostNode): Content[] {
  const memory = memoryBytes === null ? 'memory not known' : size(memoryBytes);
  return [
    ...lines([said([`node ${id}`, `${cpus.length} CPUs: ${formatNumberList(cpus)}`, memory])]),
    ...stack(gpus.map(hostGpuBox)),
  ];
}

function hostGpuBox(gpu: HostGpu): Box {
  const { address, name, driver, iommuGroup, rootPort, bars, memory, nodes, links } = gpu;
  return {
    title: `GPU ${address}  ${name}`,
    device: address,
    contents: [
      ...lines([
        said([`IOMMU group ${iommuGroup ?? 'not known'}`, driver === null ? 'no driver' : `driver ${driver}`]),
        rootPort && `behind root port ${rootPort}`,
        bars.length === 0 ? 'no physical BARs' : said(bars.map((bar) => `BAR${bar.index} ${size(bar.sizeBytes)}`)),
      ]),
      ...(memory ? memoryOf(memory, gpu.sizes) : lines(['coherent memory not known'])),
      ...lines([
        nodes.length === 0 ? null : `generic initiator of nodes ${formatNumberList(nodes)}`,
        links.length === 0 ? null : `NVLinks ${links.join(', ')}`,
      ]),
    ],
  };
}

function memoryOf({ base, sizeBytes, parts }: NonNullable<HostGpu['memory']>, sizes: HostGpu['sizes']): Content[] {
  const where = base === null ? '' : ` at ${formatAddress(base)}`;
  const text = `coherent memory ${size(sizeBytes)}${where}${sizes === 'predicted' && parts.length > 0 ? ', predicted' : ''}`;
  return [scale(text, parts.map(part))];
}

function guestBox({ name, machine, accelerator, vcpus, memoryBytes, window, nodes }: GuestTopology): Box {
  return {
    title: `guest ${name}`,
    contents: [
      ...lines([said([`${machine} by ${accelerator}`, `${vcpus} vCPUs`, size(memoryBytes)])]),
      ...(window ? [windowScale(window)] : []),
      ...row(nodes.map(guestNodeBox)),
    ],
  };
}

function windowScale({ sizeBytes, gpuBytes }: MmioWindow): Content {
  const bytes = sizeBytes ?? DEFAULT_WINDOW_BYTES;
  const free = bytes - gpuBytes;
  return scale(`MMIO window ${size(bytes)}${sizeBytes === null ? ', as QEMU has it by itself' : ''}`, [
    { filling: 'gpus', text: `behind the root ports of the GPUs ${size(gpuBytes)}`, sizeBytes: gpuBytes },
    ...(free > 0n ? [{ filling: 'free' as const, text: `free ${size(free)}`, sizeBytes: free }] : []),
  ]);
}

function guestNodeBox({ id, cpus, memoryBytes, hostNode, gpus }: GuestMemoryNode): Box {
  return {
    title: `node ${id}`,
    contents: [
      ...lines([
        said([cpus.length === 0 ? 'no vCPUs' : `vCPUs ${formatNumberList(cpus)}`, size(memoryBytes)]),
        hostNode === null ? null : `memory of node ${hostNode} of the host`,
      ]),
      ...stack(gpus.map(guestGpuBox)),
    ],
  };
}

function guestGpuBox({ address, place, nodes, bars }: GuestGpu): Box {
  const list = formatNumberList(nodes);
  return {
    title: `GPU ${place.kind === 'expander' ? place.guestAddress : `slot ${place.slot}`} = ${address}`,
    device: address,
    contents: [
      ...(place.kind === 'expander' ? expanderLines(place) : bridgeLines(place)),
      ...bars.map(({ index, sizeBytes, parts }) => scale(`BAR${index} ${size(sizeBytes)}`, parts.map(part))),
      ...lines([
        place.kind === 'expander' ? `generic initiator of nodes ${list}, without memory` : `its memory is node ${list}`,
      ]),
    ],
  };
}

function expanderLines({ expanderBus, guestAddress, smmu, rootPortWindowBytes }: ExpanderPlace): Content[] {
  const bus = expanderBus.toString(16).padStart(2, '0');
  return lines([
    `expander bus ${bus} › root port ${guestAddress.slice(0, 5)}${bus}:00.0`,
    `the root port keeps ${size(rootPortWindowBytes)}`,
    smmu ? 'behind an SMMUv3 of its own' : null,
  ]);
}

function bridgeLines({ bridge, slot, memoryAddress, memoryBytes, links }: BridgePlace): Content[] {
  return lines([
    `host bridge ${bridge} › slot ${slot}`,
    `coherent memory ${size(memoryBytes)} at ${memoryAddress}`,
    links.length === 0 ? null : `NVLinks ${links.map((link) => `${link.address} in slot ${link.slot}`).join(', ')}`,
  ]);
}

function part({ what, sizeBytes }: Part): { filling: Filling; text: string; sizeBytes: bigint } {
  return { filling: what, text: what === 'device' ? PARTS[what] : `${PARTS[what]} ${size(sizeBytes)}`, sizeBytes };
}

/** The exact bytes of an odd size are in the JSON. */
function size(bytes: bigint): string {
  return formatBytes(bytes).replace(/ \(.*/, '');
}

function said(words: readonly string[]): string {
  return words.join(AND);
}

function lines(texts: readonly (string | null)[]): Content[] {
  return texts.flatMap((text) => (text === null ? [] : [{ kind: 'line' as const, text }]));
}

function scale(text: string, parts: { filling: Filling; text: string; sizeBytes: bigint }[]): Content {
  return { kind: 'scale', text, parts };
}

function row(boxes: Box[]): Content[] {
  return boxes.length === 0 ? [] : [{ kind: 'row', boxes }];
}

/** One below the other. */
function stack(boxes: readonly Box[]): Content[] {
  return boxes.map((box) => ({ kind: 'row', boxes: [box] }));
}
