import { formatNumberList } from '../host/numa/number-list.ts';
import type { GuestDisk, GuestNode, GuestPlan, PlannedGpu, PlannedSmmu } from '../plan/guest-plan.ts';
import { option, plain, size } from './arguments.ts';
import { memory } from './memory-argv.ts';
import { network } from './network-argv.ts';

/** Files of one guest that QEMU makes or uses beside what the plan names. */
export interface GuestFiles {
  /** The guest's own copy of the firmware's variables. */
  variables: string;
  qmpSocket: string;
  /** A second one, for whoever stays connected to hear of events: each takes one client at a time. */
  eventsSocket: string;
  /** Where the guest agent of the guest answers. */
  agentSocket: string;
  consoleSocket: string;
  /** Everything that the guest wrote to its console. */
  consoleLog: string;
  pidFile: string;
}

const IOMMUFD = 'iommufd0';

/** The arguments of `qemu-system-aarch64` for a plan, in the order that QEMU documents its options. */
export function renderArgv(plan: GuestPlan, files: GuestFiles): string[] {
  return [
    ...option('-name', [
      ['guest', plan.name],
      ['debug-threads', 'on'],
    ]),
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...machine(plan),
    ...plain('-cpu', plan.accelerator === 'kvm' ? 'host' : 'max'),
    ...option('-smp', [
      ['cpus', plan.cpus.count],
      ['sockets', plan.cpus.sockets],
    ]),
    ...plain('-m', size(plan.memoryBytes)),
    ...firmware(plan, files),
    ...plan.nodes.flatMap((node) => guestNode(node, plan.hugePageBytes)),
    ...distances(plan),
    ...(plan.iommufd
      ? option('-object', [
          ['iommufd', null],
          ['id', IOMMUFD],
        ])
      : []),
    ...plan.gpus.flatMap((gpu, i) => gpuDevices(gpu, i, plan.iommufd)),
    ...disks(plan),
    ...network(plan),
    ...entropy(),
    ...boot(plan),
    ...agent(files),
    ...console(files),
    ...qmp(files.qmpSocket),
    ...qmp(files.eventsSocket),
    ...plain('-pidfile', files.pidFile),
  ];
}

function machine({ accelerator, machine: { ras, windowBytes } }: GuestPlan): string[] {
  return option('-machine', [
    ['virt', null],
    ['accel', accelerator],
    ['gic-version', 3],
    ['acpi', 'on'],
    ['ras', ras ? 'on' : undefined],
    ['highmem-mmio-size', windowBytes === null ? undefined : size(windowBytes)],
    ['pflash0', 'firmware'],
    ['pflash1', 'variables'],
  ]);
}

function firmware({ firmware: { code, format } }: GuestPlan, files: GuestFiles): string[] {
  return [...blockNodes('firmware', format, code, 'on'), ...blockNodes('variables', format, files.variables)];
}

/** A node of a GPU. */
export function emptyNode(id: number): string[] {
  return option('-numa', [
    ['node', null],
    ['nodeid', id],
  ]);
}

/** A node with memory gets a backend, bound to its host node; a node of a GPU has neither memory nor CPUs. */
function guestNode(node: GuestNode, hugePageBytes: bigint | null): string[] {
  const { id, cpus, memoryBytes } = node;
  if (memoryBytes === 0n) return emptyNode(id);
  return [
    ...memory(node, hugePageBytes),
    ...option('-numa', [
      ['node', null],
      ['nodeid', id],
      ...(cpus === null
        ? []
        : formatNumberList(cpus)
            .split(',')
            .map((range) => ['cpus', range] as const)),
      ['memdev', `ram${id}`],
    ]),
  ];
}

/** One option for each pair of nodes, or for those that are wanted. */
export function distances(
  { distances: matrix }: Pick<GuestPlan, 'distances'>,
  isWanted: (from: number, to: number) => boolean = () => true,
): string[] {
  return (matrix ?? []).flatMap((row, src) =>
    row.flatMap((val, dst) =>
      src === dst || !isWanted(src, dst)
        ? []
        : option('-numa', [
            ['dist', null],
            ['src', src],
            ['dst', dst],
            ['val', val],
          ]),
    ),
  );
}

function gpuDevices(gpu: PlannedGpu, position: number, iommufd: boolean): string[] {
  const expander = `expander${position}`;
  const port = `port${position}`;
  return [
    ...option('-device', [
      ['pxb-pcie', null],
      ['id', expander],
      ['bus', 'pcie.0'],
      ['bus_nr', gpu.expanderBus],
      ['numa_node', gpu.guestNode],
    ]),
    ...(gpu.smmu === null ? [] : smmu(gpu.smmu, position)),
    ...option('-device', [
      ['pcie-root-port', null],
      ['id', port],
      ['bus', expander],
      ['addr', '0x0'],
      ['chassis', position + 1],
      ['io-reserve', 0],
      ['pref64-reserve', size(gpu.rootPortWindowBytes)],
    ]),
    ...option('-device', [
      ['vfio-pci', null],
      ['id', gpu.id],
      ['host', gpu.address],
      ['bus', port],
      ['addr', '0x0'],
      ['rombar', 0],
      ['iommufd', iommufd ? IOMMUFD : undefined],
    ]),
    ...genericInitiators(gpu),
  ];
}

/** What ties the nodes of a GPU to its PCI function in the guest's SRAT. */
export function genericInitiators({ id, nodes }: Pick<PlannedGpu, 'id' | 'nodes'>): string[] {
  return nodes.flatMap((node, i) =>
    option('-object', [
      ['acpi-generic-initiator', null],
      ['id', `${id}-initiator${i}`],
      ['pci-dev', id],
      ['node', node],
    ]),
  );
}

function smmu({ ats, ril, ssidsize, oas, cmdqv }: PlannedSmmu, position: number): string[] {
  return option('-device', [
    ['arm-smmuv3', null],
    ['id', `smmu${position}`],
    ['primary-bus', `expander${position}`],
    ['accel', 'on'],
    ['ats', ats ? 'on' : 'off'],
    ['ril', ril ? 'on' : 'off'],
    ['ssidsize', ssidsize],
    ['oas', oas],
    ['cmdqv', cmdqv ?? undefined],
  ]);
}

/** Disks sit behind ports of the default root complex, away from the GPUs. */
function disks({ boot: { disks: images }, gpus }: GuestPlan): string[] {
  return images.flatMap((image, i) => [
    ...option('-device', [
      ['pcie-root-port', null],
      ['id', `disk-port${i}`],
      ['bus', 'pcie.0'],
      ['chassis', gpus.length + i + 1],
    ]),
    ...disk(image, i, `disk-port${i}`),
  ]);
}

/** One disk, on a bus that is there. */
export function disk({ path, format, readOnly }: GuestDisk, position: number, bus: string): string[] {
  const name = `disk${position}`;
  return [
    ...blockNodes(name, format, path, readOnly && 'on'),
    ...option('-device', [
      ['virtio-blk-pci', null],
      ['bus', bus],
      ['drive', name],
    ]),
  ];
}

/** An image file as a block node of that name. */
function blockNodes(name: string, format: string, path: string, readOnly?: 'on' | undefined): string[] {
  return [
    ...option('-blockdev', [
      ['node-name', `${name}-file`],
      ['driver', 'file'],
      ['filename', path],
      ['read-only', readOnly],
    ]),
    ...option('-blockdev', [
      ['node-name', name],
      ['driver', format],
      ['file', `${name}-file`],
      ['read-only', readOnly],
    ]),
  ];
}

/** Host keys are made at the first boot, and a guest has little else to make them from. */
function entropy(): string[] {
  return option('-device', [
    ['virtio-rng-pci', null],
    ['bus', 'pcie.0'],
  ]);
}

/** What is booted without a disk. */
export function boot({ boot: { kernel, initrd, append } }: Pick<GuestPlan, 'boot'>): string[] {
  return [
    ...(kernel === null ? [] : plain('-kernel', kernel)),
    ...(initrd === null ? [] : plain('-initrd', initrd)),
    ...(append === null ? [] : plain('-append', append)),
  ];
}

/** The port that the QEMU guest agent opens by itself where it is installed. */
function agent({ agentSocket }: GuestFiles): string[] {
  return [
    ...option('-device', [
      ['virtio-serial-pci', null],
      ['bus', 'pcie.0'],
    ]),
    ...option('-chardev', [
      ['socket', null],
      ['id', 'agent0'],
      ['path', agentSocket],
      ['server', 'on'],
      ['wait', 'off'],
    ]),
    ...option('-device', [
      ['virtserialport', null],
      ['chardev', 'agent0'],
      ['name', 'org.qemu.guest_agent.0'],
    ]),
  ];
}

/** The guest's serial line, on a socket and in a log. */
export function console({ consoleSocket, consoleLog }: GuestFiles): string[] {
  return [
    ...option('-chardev', [
      ['socket', null],
      ['id', 'console0'],
      ['path', consoleSocket],
      ['server', 'on'],
      ['wait', 'off'],
      ['logfile', consoleLog],
    ]),
    ...plain('-serial', 'chardev:console0'),
  ];
}

/** A socket of QEMU's own. */
export function qmp(socket: string): string[] {
  return option('-qmp', [
    [`unix:${socket.replaceAll(',', ',,')}`, null],
    ['server', 'on'],
    ['wait', 'off'],
  ]);
}
