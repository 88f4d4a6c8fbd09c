/** A cell of a domain: a node with memory. */
export interface DomainCell {
  id: number;
  /** vCPUs. */
  cpus: number[];
  memoryBytes: bigint;
  /** Host node that its memory is bound to; null where the domain does not say, or names several. */
  hostNode: number | null;
}

/** A PCI function of the host that a domain has without ghpass. */
export interface PassedThrough {
  /** On the host, as `0009:01:00.0`. */
  address: string;
  /** Where the domain says so: a path, and what else tells it from others. */
  by: string;
}

/** What a libvirt domain says of itself, without what ghpass put into it: what GPUs have to fit in with. */
export interface DomainFacts {
  name: string;
  uuid: string | null;
  /** `kvm` or `qemu`, or one of other hypervisors. */
  type: string;
  arch: string | null;
  machine: string | null;
  acpi: boolean;
  /** UEFI, by descriptor or by image: without it QEMU's ACPI tables reach no guest. */
  uefi: boolean;
  /** Image of the firmware; null where libvirt chooses. */
  firmwareImage: string | null;
  gicVersion: string | null;
  cpuMode: string | null;
  memoryBytes: bigint;
  vcpus: number;
  cells: DomainCell[];
  /** `<maxMemory>`: room for memory that is plugged in later. */
  maxMemoryBytes: bigint | null;
  /** Host nodes that `<numatune>` names. */
  memoryHostNodes: number[];
  /** Its own window for 64-bit BARs, `<pcihole64>`, in bytes; null where libvirt or QEMU chooses. */
  windowBytes: bigint | null;
  /** Numbers of the expander buses. */
  expanderBuses: number[];
  /** PCI functions of the host that are passed through, and what does so. */
  hostdevs: PassedThrough[];
  iommus: { model: string; accel: boolean }[];
  /** Arguments for QEMU, past libvirt, of the kinds that ghpass has to write itself. */
  qemuArguments: string[];
  /** File that keeps what the guest writes to its first serial line; null where the domain keeps none. */
  consoleLog: string | null;
  /** GPUs that ghpass gave it, by their address on the host. */
  gpus: string[];
  /** Whether libvirt binds those GPUs by itself. */
  managed: boolean;
}
