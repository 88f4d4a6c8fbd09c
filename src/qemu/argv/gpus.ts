import type { GuestPlan, PlannedGpu, PlannedSmmu } from '../../plan/guest-plan.ts';
import { option, size } from './arguments.ts';

const IOMMUFD = 'iommufd0';

/** The GPUs of a plan, each behind an expander bus and a root port of its own. */
export function gpus({ gpus: planned, iommufd }: GuestPlan): string[] {
  return [
    ...(iommufd
      ? option('-object', [
          ['iommufd', null],
          ['id', IOMMUFD],
        ])
      : []),
    ...planned.flatMap((gpu, i) => gpuDevices(gpu, i, iommufd)),
  ];
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
