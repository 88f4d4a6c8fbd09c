import type { Layout } from '../../vfio/layout.ts';

/** What people draw on a whiteboard: a host with its GPUs, and a guest that is to have them. */
export interface Topology {
  /** Null where only a guest is known. */
  host: HostTopology | null;
  /** Null where none is meant. */
  guest: GuestTopology | null;
}

export interface HostTopology {
  name: string;
  /** Why the numbers are not those of a real board; null on a real host. */
  synthetic: string | null;
  sockets: Socket[];
  /** GPUs of which the host does not say which CPUs they are near to. */
  unplaced: HostGpu[];
  /** Nodes with memory and no CPUs: the host's own, or memory of a GPU that it has put online. */
  memoryNodes: { id: number; memoryBytes: bigint }[];
}

export interface Socket {
  /** Null where the kernel does not say: then each node has a socket of its own. */
  id: number | null;
  nodes: HostNode[];
}

/** A node with CPUs. */
export interface HostNode {
  id: number;
  cpus: number[];
  /** Null where it is not known. */
  memoryBytes: bigint | null;
  gpus: HostGpu[];
}

export interface HostGpu {
  address: string;
  /** Product name, else its ids. */
  name: string;
  driver: string | null;
  iommuGroup: string | null;
  /** Null where its place is not known. */
  rootPort: string | null;
  layout: Layout | null;
  /** Whether the device said how long the parts are, or the driver's arithmetic. */
  sizes: 'measured' | 'predicted';
  /** The physical ones. */
  bars: { index: number; sizeBytes: bigint }[];
  /** Null where nobody says how much there is. */
  memory: { base: bigint | null; sizeBytes: bigint; parts: Part[] } | null;
  /** Nodes of the host whose generic initiator the GPU is. */
  nodes: number[];
  /** Bridges of its NVLinks to the processor. */
  links: string[];
}

/** A part of memory or of a BAR. `device` is what is not coherent memory: registers, or an aperture to it. */
export interface Part {
  what: 'usable' | 'reserved' | 'padding' | 'device';
  sizeBytes: bigint;
}

export interface GuestTopology {
  name: string;
  machine: 'virt' | 'pseries';
  accelerator: 'kvm' | 'tcg';
  vcpus: number;
  memoryBytes: bigint;
  /** Null where the machine has no such window. */
  window: MmioWindow | null;
  /** With memory, each with the GPUs that are nearest to it. */
  nodes: GuestMemoryNode[];
}

export interface MmioWindow {
  /** Null where QEMU cannot be told, and has its own length. */
  sizeBytes: bigint | null;
  /** Of it, what the root ports of the GPUs get. */
  gpuBytes: bigint;
}

export interface GuestMemoryNode {
  id: number;
  cpus: number[];
  memoryBytes: bigint;
  /** Host node that the memory comes from; null where the host has no say. */
  hostNode: number | null;
  gpus: GuestGpu[];
}

export interface GuestGpu {
  /** On the host. */
  address: string;
  /** Where the guest has it. */
  place: ExpanderPlace | BridgePlace;
  /** Nodes without memory of their own, which the GPU is the generic initiator of; on a pseries machine its memory's node. */
  nodes: number[];
  bars: GuestBar[];
}

/** Alone behind a root port of an expander bus. */
export interface ExpanderPlace {
  kind: 'expander';
  guestAddress: string;
  expanderBus: number;
  smmu: boolean;
  rootPortWindowBytes: bigint;
}

/** In a slot of a host bridge, with its memory where QEMU puts it. */
export interface BridgePlace {
  kind: 'bridge';
  bridge: number;
  slot: number;
  memoryAddress: string;
  memoryBytes: bigint;
  links: { address: string; slot: number }[];
}

export interface GuestBar {
  index: number;
  sizeBytes: bigint;
  /** Empty where it is not known what is in it. */
  parts: Part[];
}
