import type { PlannedNetwork } from './network.ts';

/** What a guest will be: everything that the renderers need, and everything that verification holds the guest against. */
export interface GuestPlan {
  name: string;
  accelerator: 'kvm' | 'tcg';
  machine: {
    /** Reliability events reach the guest as ACPI error records; QEMU aborts the guest without it. */
    ras: boolean;
    /** 64-bit MMIO window in bytes; null where QEMU cannot be told and has its 512 GiB. */
    windowBytes: bigint | null;
  };
  cpus: {
    count: number;
    /** One for each node with vCPUs, where they can be shared out evenly: a socket that spans nodes is a machine that nobody builds. */
    sockets: number;
  };
  memoryBytes: bigint;
  /** Size of the huge pages that the memory is made of, in bytes; null for ordinary pages. */
  hugePageBytes: bigint | null;
  /** Host CPUs that threads of the guest may run on, as kernel lists (`0-71`); null where they are not pinned. */
  pinning: { vcpus: readonly string[]; emulator: string } | null;
  /** Dense: the id is the position. Nodes with memory come first. */
  nodes: GuestNode[];
  /** Distance from each node to each node; null where the host's are not known. */
  distances: number[][] | null;
  gpus: PlannedGpu[];
  firmware: { code: string; variablesTemplate: string; format: 'raw' | 'qcow2' };
  boot: GuestBoot;
  /** Null: the guest has no network card. */
  network: PlannedNetwork | null;
  /** iommufd instead of the group and container. */
  iommufd: boolean;
}

export interface GuestNode {
  id: number;
  /** vCPUs in ascending order, which need not be neighbours in a domain of somebody else; null for a node of a GPU. */
  cpus: readonly number[] | null;
  /** 0 for a node of a GPU: it has no memory before the guest's driver adds some. */
  memoryBytes: bigint;
  /** Host node that the memory is bound to; null where the host has no say. */
  hostNode: number | null;
  /** Address of the GPU on the host that the node belongs to; null for a node with memory. */
  gpu: string | null;
}

/** One GPU in the guest. */
export interface PlannedGpu {
  /** On the host. */
  address: string;
  /** Device id in QEMU. */
  id: string;
  vendor: number;
  device: number;
  /** Number of the expander bus, which is also where the root port is. */
  expanderBus: number;
  /** Guest node whose memory is nearest; the expander bus belongs to it. */
  guestNode: number;
  /** In the guest: slot 0, function 0 of the bus behind the root port. */
  guestAddress: string;
  /** Nodes whose generic initiator the GPU is. */
  nodes: number[];
  /** An SMMUv3 of its own for the guest, in front of the expander bus; null where host, QEMU or libvirt have none. */
  smmu: PlannedSmmu | null;
  /** Address space that firmware is to keep free behind the root port. */
  rootPortWindowBytes: bigint;
  /** Memory BARs by index. */
  bars: { index: number; sizeBytes: bigint }[];
}

/** What the guest boots. */
export interface GuestBoot {
  kernel: string | null;
  initrd: string | null;
  append: string | null;
  disks: GuestDisk[];
}

/** A disk of the guest, in the order in which firmware and kernel find them. */
export interface GuestDisk {
  path: string;
  format: 'qcow2' | 'raw';
  /** Left out where the guest may write. */
  readOnly?: true;
}

/** An accelerated SMMUv3: `arm-smmuv3,accel=on` with these properties (QEMU 11.0; `cmdqv` 11.1). */
export interface PlannedSmmu {
  ats: boolean;
  ril: boolean;
  ssidsize: number;
  oas: number;
  /** Whether the guest gets command queues of the hardware; null: as QEMU does by itself, which is with them where it can. */
  cmdqv: 'off' | null;
}
