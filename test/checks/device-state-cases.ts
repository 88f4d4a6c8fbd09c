import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import { ADDRESS, type FileChanges, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { sparse } from '../fixtures/vfio-bytes.ts';
import type { DeviceCase } from './device-cases.ts';
import { answering, asLocal, DEVICE } from './made-up-hosts.ts';

const of = (gpu: SyntheticGpu, changes?: FileChanges, release = '6.17.0') =>
  openMadeUp(graceHost([gpu], { release }), changes);
const withFile = (path: string, content: string | Uint8Array | null) => of(hopper(), { files: { [path]: content } });
const GIB = 1n << 30n;

/** What sysfs says of a device beside what it is. */
export const STATE_CASES: readonly DeviceCase[] = [
  {
    id: 'reset.dead-config',
    title: 'a device that has fallen off the bus',
    host: withFile(`${DEVICE}/config`, new Uint8Array(64).fill(0xff)),
    says: {
      severity: 'fail',
      message: 'its configuration space reads all ones (vendor id 0xffff): the device has fallen off the bus',
      remedy: [
        `dmesg | grep ${ADDRESS}`,
        'power-cycle the host, or reset the GPU with nvidia_gpu_tools.py of NVIDIA/gpu-admin-tools',
      ],
    },
  },
  ...(
    [
      ['1', '1'],
      ['0', '0'],
      [null, 'not known'],
    ] as const
  ).map(
    ([allowed, told]): DeviceCase => ({
      id: 'power.d3cold',
      title: `a device that is off, with d3cold_allowed ${told}`,
      host: of(hopper(), { files: { [`${DEVICE}/power_state`]: 'D3cold\n', [`${DEVICE}/d3cold_allowed`]: allowed } }),
      says: {
        severity: 'warn',
        message: `power_state is D3cold (d3cold_allowed ${told}): the device is off, and boards are known on which it does not come back`,
        remedy: [`echo 0 > ${DEVICE}/d3cold_allowed`, `echo on > ${DEVICE}/power/control`],
      },
    }),
  ),
  { id: 'power.d3cold', title: 'an idle device, which wakes', host: withFile(`${DEVICE}/power_state`, 'D3hot\n') },
  {
    id: 'driver.override-lost',
    title: 'a driver that was asked for and is not bound',
    host: of(hopper({ driver: null }), { files: { [`${DEVICE}/driver_override`]: 'nvgrace_gpu_vfio_pci\n' } }),
    says: {
      severity: 'fail',
      message: 'driver_override is nvgrace_gpu_vfio_pci, but no driver is bound',
      remedy: [`echo > ${DEVICE}/driver_override`, `ghpass bind ${ADDRESS}`],
    },
  },
  {
    id: 'driver.override-lost',
    title: 'a name with dashes, which nothing answers to',
    host: of(hopper({ driver: 'nvidia' }), { files: { [`${DEVICE}/driver_override`]: 'nvgrace-gpu-vfio-pci\n' } }),
    says: {
      severity: 'fail',
      message:
        "driver_override is nvgrace-gpu-vfio-pci, but nvidia is bound; the driver's name is nvgrace_gpu_vfio_pci, with underscores",
      remedy: [`echo > ${DEVICE}/driver_override`, `ghpass bind ${ADDRESS}`],
    },
  },
  {
    id: 'driver.override-lost',
    title: 'a driver that was not asked for by an override',
    host: of(hopper({ driver: 'nvidia' }), { files: { [`${DEVICE}/driver_override`]: '(null)\n' } }),
  },
  {
    id: 'iommu.rmr-direct',
    title: 'a range that firmware wants mapped 1:1',
    host: withFile(
      '/sys/kernel/iommu_groups/12/reserved_regions',
      '0x0000000008000000 0x00000000080fffff msi\n0x0000000088000000 0x0000000088ffffff direct\n',
    ),
    says: {
      severity: 'fail',
      message: 'group 12 must map 0x0000000088000000-0x0000000088ffffff 1:1, so VFIO may not have the device',
      remedy: [
        'update the firmware: its IORT has a reserved memory range (RMR) for the GPU',
        'cat /sys/kernel/iommu_groups/12/reserved_regions',
      ],
    },
  },
  {
    id: 'iommu.rmr-direct',
    title: 'a range that VFIO may take over',
    host: withFile(
      '/sys/kernel/iommu_groups/12/reserved_regions',
      '0x0000000088000000 0x0000000088ffffff direct-relaxable\n',
    ),
  },
  {
    id: 'reset.none',
    title: 'a device whose methods were taken away',
    host: withFile(`${DEVICE}/reset_method`, '\n'),
    says: {
      severity: 'fail',
      message: `${DEVICE}/reset_method is empty: one guest would find what another one left in the GPU`,
      remedy: [`echo default > ${DEVICE}/reset_method`, 'update the firmware: GH200 is reset by acpi or flr'],
    },
  },
  {
    id: 'reset.none',
    title: 'a device of this machine that never had one',
    host: asLocal(withFile(`${DEVICE}/reset_method`, null)),
    says: {
      severity: 'fail',
      message: `${DEVICE}/reset_method is missing: one guest would find what another one left in the GPU`,
      remedy: [`echo default > ${DEVICE}/reset_method`, 'update the firmware: GH200 is reset by acpi or flr'],
    },
  },
  ...(['6.19.0', '7.2.13', '7.3.1'] as const).map(
    (release): DeviceCase => ({
      id: 'kernel.fallback-leak',
      title: `a device without coherent memory on Linux ${release}`,
      host: of(hopper({ memory: { base: 1n << 41n, sizeBytes: 0n } }), {}, release),
      open: false,
      says: {
        severity: 'fail',
        message: `it has no coherent memory to export, and Linux ${release} never gives back what it registers for such a device when it is opened: every later open of a GPU ends with EBUSY (16) until the next boot`,
        remedy: [`ghpass release ${ADDRESS}   # and do not open it`, 'boot Linux 7.3.2 or newer'],
      },
    }),
  ),
  ...(['6.18.9', '7.3.2'] as const).map(
    (release): DeviceCase => ({
      id: 'kernel.fallback-leak',
      title: `the same on Linux ${release}`,
      host: of(hopper({ memory: { base: 1n << 41n, sizeBytes: 0n } }), {}, release),
      open: false,
    }),
  ),
  {
    id: 'kernel.fallback-leak',
    title: 'the same on Linux 7.0 with the generic driver',
    host: of(hopper({ driver: 'vfio-pci', memory: { base: 1n << 41n, sizeBytes: 0n } }), {}, '7.0.0'),
    open: false,
  },
  {
    id: 'kernel.fallback-leak',
    title: 'a device with coherent memory on Linux 7.0',
    host: of(
      hopper(),
      answering(
        { index: 2, sizeBytes: GIB, capabilities: [sparse([0n, GIB])] },
        { index: 4, sizeBytes: 128n * GIB, capabilities: [sparse([0n, 93n * GIB])] },
      ),
      '7.0.0',
    ),
  },
  {
    id: 'gi.count',
    title: 'a GPU with one proximity domain',
    host: of(hopper({ proximityDomains: [1, 1] })),
    says: {
      severity: 'warn',
      message: 'firmware gives the GPU 1 proximity domain, a guest gets 8 nodes for it',
      remedy: ['update the firmware: MIG needs one domain for the GPU and one for each of its seven instances'],
    },
  },
  {
    id: 'rom.bar',
    title: 'an option ROM of 512 KiB',
    host: withFile(`${DEVICE}/resource`, `${'0x0 0x0 0x0\n'.repeat(6)}0x40000000 0x4007ffff 0x46200\n`),
    says: {
      severity: 'info',
      message: 'it has an option ROM of 512 KiB; guests of ghpass start without it (rombar=0)',
      remedy: [],
    },
  },
];
