import { GRACE_KERNEL_CONFIG } from '../../src/host/builtin/gh200.ts';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import type { Host } from '../../src/host/host.ts';
import {
  ADDRESS,
  blackwell,
  board,
  type FileChanges,
  GIB,
  graceHost,
  hopper,
  KIB,
  MIB,
  openMadeUp,
} from '../fixtures/grace-host.ts';
import { sparse } from '../fixtures/vfio-bytes.ts';
import type { Case } from './cases.ts';
import { STATE_CASES } from './device-state-cases.ts';
import { UNKNOWN_CASES } from './device-unknown-cases.ts';
import { hostOf, LAYOUT_CASES, type LayoutCase } from './layout-cases.ts';
import { answering, asLocal, DEVICE, refusing, withoutTables } from './made-up-hosts.ts';
import { NVLINK2_CASES } from './nvlink2-cases.ts';
import { POWER9_CASES } from './power9-cases.ts';

/** One host, and what a check says of its first GPU. */
export interface DeviceCase extends Case {
  host: Host;
  open?: boolean;
  /** Entries of the user's GPU catalogue. */
  catalogue?: readonly object[];
}

const of = (gpu: SyntheticGpu, changes?: FileChanges, release = '6.17.0') =>
  openMadeUp(graceHost([gpu], { release }), changes);

const REPORT = [`ghpass probe ${ADDRESS} --json   # attach it to a report`];
const POWER_CYCLE =
  'update the firmware and power-cycle the host: firmware leaves them out when the C2C link did not come up';
const WRONG_SIZE = ['update the firmware: it announces the wrong size of the coherent memory'];
const PLAIN_0 = { index: 0, sizeBytes: 16n * MIB };
const RESERVED = { index: 2, sizeBytes: GIB, capabilities: [sparse([0n, GIB])] };
const USABLE = { index: 4, sizeBytes: 128n * GIB, capabilities: [sparse([0n, (187n * GIB) / 2n])] };

const ACPI: DeviceCase[] = [
  {
    id: 'acpi.unreadable',
    title: 'tables that only root may read',
    host: withoutTables(of(hopper())),
    says: {
      severity: 'warn',
      message: '/sys/firmware/acpi/tables/DSDT: EACCES; what firmware says of the coherent memory is not known',
      remedy: [`sudo ghpass probe ${ADDRESS}`],
    },
  },
  {
    id: 'acpi.dsd-missing',
    title: 'no _DSD',
    host: of(hopper(), { files: { '/sys/firmware/acpi/tables/DSDT': new Uint8Array(36) } }),
    says: {
      severity: 'fail',
      message:
        '_DSD of \\_SB_.PC09.RP00.GPU0: no nvidia,gpu-mem-base-pa and no nvidia,gpu-mem-size, so the driver has no coherent memory to export',
      remedy: [POWER_CYCLE],
    },
  },
  {
    id: 'acpi.dsd-missing',
    title: 'a size of 0, which is how a template is left',
    host: of(hopper({ memory: { base: 1n << 41n, sizeBytes: 0n } })),
    says: {
      severity: 'fail',
      message: '_DSD of \\_SB_.PC09.RP00.GPU0: no nvidia,gpu-mem-size, so the driver has no coherent memory to export',
      remedy: [POWER_CYCLE],
    },
  },
  {
    id: 'acpi.dsd-missing',
    title: 'no ACPI companion',
    host: of(hopper(), { files: { [`${DEVICE}/firmware_node/path`]: null } }),
    says: {
      severity: 'fail',
      message:
        'the device has no ACPI companion: no nvidia,gpu-mem-base-pa and no nvidia,gpu-mem-size, so the driver has no coherent memory to export',
      remedy: [POWER_CYCLE],
    },
  },
  {
    id: 'acpi.dsd-missing',
    title: 'tables that only root may read',
    host: withoutTables(of(hopper())),
    notKnown: '/sys/firmware/acpi/tables/DSDT: EACCES',
  },
  {
    id: 'acpi.duplicate-range',
    title: 'two GPUs with the last byte of one in the other',
    host: openMadeUp(
      graceHost(
        board(2, (changes) =>
          hopper({
            ...changes,
            memory: {
              base: changes.address === '0008:01:00.0' ? 0x20_0000_0000n : 0x2f_ffff_ffffn,
              sizeBytes: 64n * GIB,
            },
          }),
        ),
      ),
    ),
    says: {
      severity: 'fail',
      message: 'its memory 0x2000000000-0x2fffffffff overlaps 0x2fffffffff-0x3ffffffffe of 0009:01:00.0',
      remedy: ['update the firmware: it announces the same memory twice'],
    },
  },
  {
    id: 'acpi.duplicate-range',
    title: 'two GPUs with memory that touches',
    host: openMadeUp(
      graceHost(
        board(2, (changes) =>
          hopper({
            ...changes,
            memory: {
              base: changes.address === '0008:01:00.0' ? 0x20_0000_0000n : 0x30_0000_0000n,
              sizeBytes: 64n * GIB,
            },
          }),
        ),
      ),
    ),
  },
  {
    id: 'acpi.vfio-mismatch',
    title: 'less in the regions than firmware announces',
    host: of(hopper({ memory: { base: 1n << 41n, sizeBytes: 95n * GIB } })),
    says: {
      severity: 'fail',
      message: 'firmware announces 95 GiB, the regions hold 94.5 GiB',
      remedy: REPORT,
    },
  },
  {
    id: 'acpi.vfio-mismatch',
    title: 'a device that was not opened',
    host: of(hopper({ memory: { base: 1n << 41n, sizeBytes: 95n * GIB } })),
    open: false,
    notKnown: 'the device was not opened',
  },
];

const DRIVER: DeviceCase[] = [
  {
    id: 'device.unknown-id',
    title: 'an id of the family that the kernel does not list',
    host: of(hopper({ device: 0x2343 })),
    says: {
      severity: 'warn',
      message: 'kernel 6.17.0 lists no variant driver for 10de:2343',
      remedy: ['boot a kernel whose modules.alias lists the device, or a vendor kernel'],
    },
  },
  {
    id: 'device.unknown-id',
    title: 'aliases that are not known',
    host: of(hopper({ device: 0x2343 }), { files: { '/lib/modules/6.17.0/modules.alias': null } }),
    notKnown: 'there is no /lib/modules/6.17.0/modules.alias',
  },
  {
    id: 'device.name-conflict',
    title: 'the GH200 480GB that the kernel calls 120GB',
    host: of(hopper({ subsystemDevice: 0x1809 })),
    says: {
      severity: 'info',
      message:
        '10de:2342 with subsystem 10de:1809 is "GH200 480GB" to its vendor; the kernel\'s driver calls 10de:2342 "GH200 120GB"',
    },
  },
  { id: 'device.name-conflict', title: 'a GH200 120GB', host: of(hopper()) },
  { id: 'device.name-conflict', title: 'a subsystem that nobody lists', host: of(hopper({ subsystemDevice: 1 })) },
  {
    id: 'device.unexpected',
    title: 'a GH200 in the layout "whole"',
    host: of(
      hopper({ migWorksWithCachedMemory: true }),
      answering(PLAIN_0, { ...USABLE, capabilities: [sparse([0n, (189n * GIB) / 2n])] }),
    ),
    says: {
      severity: 'info',
      message: 'GH200 120GB is expected in the layout carveout, and answers with whole',
    },
  },
  {
    id: 'device.unexpected',
    title: 'less memory than the catalogue of the site says',
    host: of(hopper()),
    catalogue: [{ device: '10de:2342', name: 'Ours', layouts: ['whole', 'carveout'], memory: 103079215104 }],
    says: {
      severity: 'warn',
      message: 'Ours is expected to have 96 GiB of coherent memory, and has 94.5 GiB',
      remedy: ['correct the GPU catalogue, or ask the vendor of the board where the memory is'],
    },
  },
  {
    id: 'device.unexpected',
    title: 'just the memory that the catalogue of the site says, in a layout of which it says nothing',
    host: of(hopper()),
    catalogue: [{ device: '10de:2342', name: 'Ours', memory: 101468602368 }],
  },
  {
    id: 'device.unexpected',
    title: 'a GB200 in a carve-out, as older kernels make it',
    host: of(hopper({ device: 0x2941 })),
  },
  {
    id: 'device.unexpected',
    title: 'a GH200 that exports nothing, which is another finding',
    host: of(hopper(), answering(PLAIN_0, { index: 2, sizeBytes: 128n * GIB })),
  },
  {
    id: 'bar0.too-small',
    title: 'a BAR0 that ends before the last readiness register, on Linux 6.14',
    host: of(hopper({ bars: [128n * KIB, 128n * GIB, 32n * MIB] }), {}, '6.14.0'),
    says: {
      severity: 'fail',
      message: 'BAR0 is 0x20000 bytes, the driver reads up to 0x200c0: binding it would crash the kernel',
      remedy: ['do not bind this device; it is no Grace GPU, or its BAR0 was not assigned'],
    },
  },
  {
    id: 'bar0.too-small',
    title: 'the same BAR0 on Linux 6.13, which does not wait',
    host: of(hopper({ bars: [128n * KIB, 128n * GIB, 32n * MIB] }), {}, '6.13.9'),
  },
  {
    id: 'bar0.too-small',
    title: 'a BAR0 that just holds it',
    host: of(hopper({ bars: [256n * KIB, 128n * GIB, 0n] })),
  },
  {
    id: 'driver.bind-eoverflow',
    title: 'half a GiB',
    host: of(hopper({ driver: null, memory: { base: 1n << 41n, sizeBytes: GIB / 2n } })),
    says: {
      severity: 'fail',
      message:
        'the driver will refuse the device with EOVERFLOW (75): firmware announces 512 MiB, less than the 1 GiB that the driver reserves',
      remedy: WRONG_SIZE,
    },
  },
  {
    id: 'driver.bind-eoverflow',
    title: 'memory that ends beyond 64 bits',
    host: of(hopper({ driver: null, memory: { base: (1n << 64n) - GIB, sizeBytes: 2n * GIB } })),
    says: {
      severity: 'fail',
      message:
        'the driver will refuse the device with EOVERFLOW (75): firmware announces 2 GiB, which end beyond 64 bits of address',
      remedy: WRONG_SIZE,
    },
  },
  {
    id: 'driver.bind-eoverflow',
    title: 'half a GiB in the layout "whole", where nothing is reserved',
    host: of(blackwell({ driver: null, memory: { base: 1n << 41n, sizeBytes: GIB / 2n } })),
  },
  {
    id: 'driver.bind-einval',
    title: '1.1875 GiB',
    host: of(hopper({ driver: null, memory: { base: 1n << 41n, sizeBytes: (19n * GIB) / 16n } })),
    says: {
      severity: 'fail',
      message:
        'the driver will refuse the device with EINVAL (22): firmware announces 1.18 GiB (0x4c000000), less than 1 GiB reserved plus 512 MiB usable',
      remedy: WRONG_SIZE,
    },
  },
  {
    id: 'driver.bind-einval',
    title: '1.5 GiB, the least that the driver takes',
    host: of(hopper({ driver: null, memory: { base: 1n << 41n, sizeBytes: (3n * GIB) / 2n } })),
  },
  {
    id: 'driver.unbound',
    title: 'no driver',
    host: of(hopper({ driver: null })),
    says: {
      severity: 'warn',
      message: "no driver is bound, so the device cannot be asked; sizes are predicted from firmware's tables",
      remedy: [`ghpass bind ${ADDRESS}   # nvgrace_gpu_vfio_pci`],
    },
  },
  {
    id: 'driver.unbound',
    title: 'the host’s own driver',
    host: of(hopper({ driver: 'nvidia' })),
    says: {
      severity: 'warn',
      message: "bound to nvidia, so the device cannot be asked; sizes are predicted from firmware's tables",
      remedy: [`ghpass bind ${ADDRESS}   # nvgrace_gpu_vfio_pci`],
    },
  },
  {
    id: 'driver.unbound',
    title: 'no driver, and a device that is not to be opened',
    host: of(hopper({ driver: null })),
    open: false,
    says: {
      severity: 'warn',
      message: "no driver is bound, so the device cannot be asked; sizes are predicted from firmware's tables",
      remedy: [`ghpass bind ${ADDRESS}   # nvgrace_gpu_vfio_pci`],
    },
  },
  {
    id: 'driver.unbound',
    title: 'the generic driver, which is another finding',
    host: of(hopper({ driver: 'vfio-pci' })),
  },
  {
    id: 'driver.generic-bound',
    title: 'vfio-pci',
    host: of(hopper({ driver: 'vfio-pci' })),
    says: {
      severity: 'fail',
      message: 'bound to vfio-pci: the coherent memory is not visible to a guest',
      remedy: [`ghpass release ${ADDRESS}`, `ghpass bind ${ADDRESS}`],
    },
  },
  {
    id: 'driver.no-coherent',
    title: 'the driver’s fallback',
    host: of(hopper(), answering(PLAIN_0, { index: 2, sizeBytes: 128n * GIB }, { index: 4, sizeBytes: 32n * MIB })),
    says: {
      severity: 'fail',
      message:
        'nvgrace_gpu_vfio_pci is bound and exports nothing coherent: region 2 (128 GiB) and region 4 (32 MiB) are the physical BARs',
      remedy: [
        'update the firmware and power-cycle the host: the C2C link did not come up, or the firmware is too old',
        `dmesg | grep ${ADDRESS}`,
      ],
    },
  },
  {
    id: 'driver.no-coherent',
    title: 'the driver’s fallback, for want of a size in firmware',
    host: of(
      hopper({ memory: { base: 1n << 41n, sizeBytes: 0n } }),
      answering(PLAIN_0, { index: 2, sizeBytes: 128n * GIB }),
    ),
    says: {
      severity: 'fail',
      message:
        'nvgrace_gpu_vfio_pci is bound and exports nothing coherent: region 2 (128 GiB) and region 4 (0 B) are the physical BARs; firmware announces no memory for it',
      remedy: [
        'update the firmware and power-cycle the host: the C2C link did not come up, or the firmware is too old',
        `dmesg | grep ${ADDRESS}`,
      ],
    },
  },
  {
    id: 'driver.no-coherent',
    title: 'an answer that cannot be decoded',
    host: of(hopper(), { files: { [`/ghpass/vfio/${ADDRESS}.json`]: undecodable() } }),
    notKnown: "the kernel's answer cannot be decoded",
  },
  {
    id: 'driver.no-coherent',
    title: 'a prediction',
    host: of(hopper({ regions: [] })),
    open: false,
    notKnown: 'the device was not opened',
  },
];

/** A process of the host with these files open. */
function process(pid: number, comm: string, cgroup: string, open: readonly string[]): FileChanges {
  return {
    files: { [`/proc/${pid}/comm`]: `${comm}\n`, [`/proc/${pid}/cgroup`]: `0::${cgroup}\n`, [`/proc/${pid}/stat`]: '' },
    links: Object.fromEntries(open.map((path, i) => [`/proc/${pid}/fd/${i}`, path])),
  };
}

/** A journal of a command whose process is gone. */
function journal(...lines: object[]): FileChanges {
  const owner = { kind: 'owner', pid: 4711, startTime: '1', command: 'ghpass smoke', mark: 'made-up', partOf: null };
  const text = [owner, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  return { files: { [`/var/lib/ghpass/journal/${ADDRESS}.jsonl`]: text } };
}

const ON_NVIDIA = hopper({ driver: 'nvidia' });
const PERSISTENCED = process(812, 'nvidia-persiste', '/system.slice/nvidia-persistenced.service', ['/dev/nvidia0']);

const USE: DeviceCase[] = [
  {
    id: 'nvidia.holders',
    title: 'a daemon of NVIDIA',
    host: of(ON_NVIDIA, PERSISTENCED),
    says: {
      severity: 'fail',
      message: 'in use: nvidia-persiste (process 812, nvidia-persistenced.service) has /dev/nvidia0 open',
      remedy: ['systemctl stop nvidia-persistenced.service'],
    },
  },
  {
    id: 'nvidia.holders',
    title: 'a guest that has the VFIO group',
    host: of(hopper(), {
      files: {
        ...process(900, 'qemu-system-aar', '/user.slice', []).files,
        ...refusing('group-open', 16, '/dev/vfio/12').files,
      },
      links: { '/proc/900/fd/20': '/dev/vfio/12' },
    }),
    says: {
      severity: 'fail',
      message: 'in use: qemu-system-aar (process 900) has /dev/vfio/12 open',
      remedy: ['ps -fp 900   # end them if they may go: kill 900'],
    },
  },
  { id: 'nvidia.holders', title: 'a GPU on NVIDIA’s driver that nobody has open', host: of(ON_NVIDIA) },
  { id: 'nvidia.holders', title: 'a GPU that VFIO opened', host: of(hopper(), PERSISTENCED) },
  {
    id: 'nvidia.memory-online',
    title: 'memory that the host uses',
    host: of(ON_NVIDIA, { files: { '/proc/iomem': '20000000000-2179fffffff : System RAM (NVIDIA)\n' } }),
    says: {
      severity: 'fail',
      message:
        'the host uses 94.5 GiB of its memory, as "System RAM (NVIDIA)" of /proc/iomem; a guest that got it would overwrite what is in it',
      remedy: [
        `ghpass bind ${ADDRESS}   # waits for it to go offline`,
        'modprobe --remove nvidia_uvm nvidia   # gives all of it back, where nothing uses the driver',
      ],
    },
  },
  {
    id: 'nvidia.memory-online',
    title: 'memory of another GPU',
    host: of(ON_NVIDIA, { files: { '/proc/iomem': '40000000000-4179fffffff : System RAM (NVIDIA)\n' } }),
  },
  {
    id: 'gpu.vfs-enabled',
    title: 'two virtual functions',
    host: of(hopper(), { files: { [`${DEVICE}/sriov_numvfs`]: '2\n' } }),
    says: {
      severity: 'fail',
      message: '2 virtual functions are enabled: VFIO refuses the device, and a guest could not get all of it',
      remedy: [`echo 0 > ${DEVICE}/sriov_numvfs`],
    },
  },
  {
    id: 'gpu.vfs-enabled',
    title: 'none of those that there could be',
    host: of(hopper(), { files: { [`${DEVICE}/sriov_numvfs`]: '0\n' } }),
  },
  {
    id: 'driver.new-id',
    title: 'a VFIO driver without an override',
    host: of(hopper(), { files: { [`${DEVICE}/driver_override`]: '(null)\n' } }),
    says: {
      severity: 'warn',
      message:
        'bound to nvgrace_gpu_vfio_pci with an empty driver_override: if by new_id, the driver takes every GPU of this id as it appears',
      remedy: [
        'grep -rn new_id /etc/udev/rules.d /etc/systemd/system /etc/modprobe.d   # who writes it',
        `echo ${ADDRESS} > /sys/bus/pci/drivers/nvgrace_gpu_vfio_pci/unbind`,
        `ghpass bind ${ADDRESS}`,
      ],
    },
  },
  {
    id: 'driver.new-id',
    title: 'NVIDIA’s driver, which needs no override',
    host: of(ON_NVIDIA, { files: { [`${DEVICE}/driver_override`]: '(null)\n' } }),
  },
  {
    id: 'undo.partial',
    title: 'the journal of a command that was killed',
    host: of(hopper(), journal()),
    says: {
      severity: 'warn',
      message: `ghpass smoke (process 4711) ended without putting it back: /var/lib/ghpass/journal/${ADDRESS}.jsonl`,
      remedy: ['ghpass recover'],
    },
  },
  { id: 'undo.partial', title: 'a binding that is to stay', host: of(hopper(), journal({ kind: 'kept' })) },
  {
    id: 'undo.partial',
    title: 'a command that is at work',
    host: of(hopper(), {
      files: { ...journal().files, '/proc/4711/stat': `4711 (node) S ${'0 '.repeat(18)}1 0\n` },
    }),
  },
];

const GROUP: DeviceCase[] = [
  {
    id: 'iommu.group-missing',
    title: 'a driver and no group',
    host: of(hopper(), { links: { [`${DEVICE}/iommu_group`]: null } }),
    says: {
      severity: 'fail',
      message: `${DEVICE}/iommu_group is missing: no IOMMU translates for the device`,
      remedy: ['enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3'],
    },
  },
  {
    id: 'iommu.group-missing',
    title: 'no driver and no group',
    host: of(hopper({ driver: null }), { links: { [`${DEVICE}/iommu_group`]: null } }),
    notKnown: 'no driver is bound, and Linux 6.12 makes the group at the first bind',
  },
  {
    id: 'iommu.group-missing',
    title: 'no driver, no group and no SMMU in the firmware',
    host: of(hopper({ driver: null }), {
      links: { [`${DEVICE}/iommu_group`]: null },
      files: { '/sys/firmware/acpi/tables/IORT': null },
    }),
    says: {
      severity: 'fail',
      message: `${DEVICE}/iommu_group is missing: firmware has no IORT table, so no SMMU translates for the device`,
      remedy: ['enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3'],
    },
  },
  {
    id: 'iommu.group-not-viable',
    title: 'an audio function on its own driver',
    host: of(hopper(), member('0009:01:00.1', 'snd_hda_intel', '0x040300')),
    says: {
      severity: 'fail',
      message: 'group 12 has functions on host drivers: 0009:01:00.1 (snd_hda_intel)',
      remedy: ['echo 0009:01:00.1 > /sys/bus/pci/drivers/snd_hda_intel/unbind'],
    },
  },
  ...(
    [
      ['a root port', 'pcieport', '0x060400'],
      ['a bridge on a driver of its own', 'shpchp', '0x060400'],
      ['a function on the stub', 'pci-stub', '0x040300'],
      ['a function on another VFIO driver', 'mlx5_vfio_pci', '0x020000'],
      ['a function without a driver', null, '0x040300'],
    ] as const
  ).map(([title, driver, pciClass]) => ({
    id: 'iommu.group-not-viable',
    title,
    host: of(hopper(), member('0009:00:00.0', driver, pciClass)),
  })),
];

const OPEN: DeviceCase[] = [
  {
    id: 'vfio.not-opened',
    title: '--no-open',
    host: of(hopper()),
    open: false,
    says: {
      severity: 'info',
      message: "--no-open was given; sizes are predicted from firmware's tables",
      remedy: [`ghpass probe ${ADDRESS}`],
    },
  },
  {
    id: 'vfio.not-opened',
    title: 'a snapshot without the device’s answer',
    host: of(hopper({ regions: [] })),
    says: {
      severity: 'info',
      message: "made-up has no answer of the device; sizes are predicted from firmware's tables",
      remedy: [`ghpass probe ${ADDRESS}`],
    },
  },
  { id: 'vfio.not-opened', title: 'no driver, which is another finding', host: of(hopper({ driver: null })) },
  ...(
    [
      ['vfio.perms', 'group-open', 13, '/dev/vfio/12', 'EACCES'],
      ['vfio.perms', 'cdev-open', 1, '/dev/vfio/devices/vfio0', 'EPERM'],
    ] as const
  ).map(
    ([id, step, errno, path, name]): DeviceCase => ({
      id,
      title: `${name} at ${step}`,
      host: of(hopper(), refusing(step, errno, path)),
      says: {
        severity: 'fail',
        message: `${step} ${path} failed with ${name} (${errno}): no permission; sizes are predicted from firmware's tables`,
        remedy: [`sudo ghpass probe ${ADDRESS}`],
      },
    }),
  ),
  ...(
    [
      ['group-open', 16, '/dev/vfio/12', 'EBUSY'],
      ['iommufd-bind', 22, '/dev/vfio/devices/vfio0', 'EINVAL'],
      ['group-container', 16, null, 'EBUSY'],
    ] as const
  ).map(
    ([step, errno, path, name]): DeviceCase => ({
      id: 'vfio.busy',
      title: `${name} at ${step}`,
      host: of(hopper(), refusing(step, errno, path)),
      says: {
        severity: 'fail',
        message: `${step}${path ? ` ${path}` : ''} failed with ${name} (${errno}): in use, by a running guest or another program; sizes are predicted from firmware's tables`,
        remedy: [`fuser -v ${path ?? '/dev/vfio/*'}`, `ghpass probe ${ADDRESS} --no-open`],
      },
    }),
  ),
  ...(
    [
      ['group-viable', 0, '/dev/vfio/12', "the kernel's answer is no", ': '],
      ['group-container', 1, '/dev/vfio/12', 'failed with EPERM (1)', ' '],
      ['iommufd-bind', 1, '/dev/vfio/devices/vfio0', 'failed with EPERM (1)', ' '],
      ['group-device', 22, null, 'failed with EINVAL (22)', ' '],
      ['device-info', 200, null, 'failed with errno 200 (200)', ' '],
    ] as const
  ).map(
    ([step, errno, path, what, separator]): DeviceCase => ({
      id: 'vfio.open-failed',
      title: `${errno} at ${step}`,
      host: of(hopper(), refusing(step, errno, path)),
      says: {
        severity: 'fail',
        message: `${step}${path ? ` ${path}` : ''}${separator}${what}; sizes are predicted from firmware's tables`,
        remedy: [`dmesg | grep -e ${ADDRESS} -e vfio`],
      },
    }),
  ),
  ...(['vfio.perms', 'vfio.busy', 'vfio.open-failed'] as const).flatMap((id): DeviceCase[] => [
    { id, title: 'a device that was opened', host: of(hopper()) },
    ...(id === 'vfio.open-failed'
      ? []
      : [{ id, title: 'ENODEV', host: of(hopper(), refusing('group-open', 19, '/dev/vfio/12')) }]),
  ]),
  {
    id: 'vfio.probe-reset',
    title: 'a device of this machine that was opened',
    host: asLocal(of(hopper())),
    says: {
      severity: 'info',
      message: 'the device was opened, which reset the function twice',
      remedy: [`ghpass probe ${ADDRESS} --no-open   # predicts instead`],
    },
  },
  { id: 'vfio.probe-reset', title: 'a device that was not opened', host: asLocal(of(hopper())), open: false },
];

const LAYOUT: DeviceCase[] = [
  {
    id: 'bar2.layout-unknown',
    title: 'an answer that cannot be decoded',
    host: of(hopper(), { files: { [`/ghpass/vfio/${ADDRESS}.json`]: undecodable() } }),
    says: {
      severity: 'fail',
      message: "the kernel's answer cannot be decoded: vfio_region_info of 1 bytes, at least 32 expected",
      remedy: REPORT,
    },
  },
  ...[...LAYOUT_CASES, ...NVLINK2_CASES].map(layoutCase),
  {
    id: 'bar2.layout-unknown',
    title: 'two faults at once',
    host: of(hopper(), answering({ ...RESERVED, flags: 0x8, offset: 1n }, USABLE)),
    says: {
      severity: 'fail',
      message: 'region 2 lacks read, write, mmap; region 2 is at offset 1, not 2 << 40',
      remedy: REPORT,
    },
  },
  ...(['6.17.0', '7.3.4'] as const).map((release) => ({
    id: 'bar2.layout-unknown',
    title: `the old rounding on Linux ${release}`,
    host: of(oldRounding(), {}, release),
    says: {
      severity: 'fail' as const,
      message: 'region 4 is 64 GiB, not 128 GiB for 65.25 GiB less 1 GiB',
      remedy: REPORT,
    },
  })),
  ...(['6.9.0', '6.12.15', '6.13.7'] as const).map((release) => ({
    id: 'bar2.layout-unknown',
    title: `the old rounding on Linux ${release}`,
    host: of(oldRounding(), {}, release),
  })),
  {
    id: 'bar2.layout-unknown',
    title: 'the new rounding on an old kernel, into which a vendor took it',
    host: of(
      {
        ...oldRounding(),
        regions: oldRounding().regions.map((r) => (r.index === 4 ? { ...r, sizeBytes: 128n * GIB } : r)),
      },
      {},
      '6.8.0-1021-nvidia-64k',
    ),
  },
  {
    id: 'bar2.region-mismatch',
    title: 'a region 2 that is longer than the physical BAR2, in the layout "whole"',
    host: of(blackwell({ bars: [64n * MIB, 128n * GIB, 32n * MIB] })),
    says: {
      severity: 'fail',
      message: 'VFIO region 2 is 256 GiB, the physical BAR2 128 GiB',
      remedy: [
        'was the BAR resized after the driver was bound? Release and bind it again:',
        `ghpass release ${ADDRESS}`,
        `ghpass bind ${ADDRESS}`,
      ],
    },
  },
  {
    id: 'bar2.region-mismatch',
    title: 'a region 2 that is shorter than the physical BAR2, in the layout "aperture"',
    host: of(
      hopper({ bars: [16n * MIB, 256n * GIB, 32n * MIB] }),
      answering(PLAIN_0, { index: 2, sizeBytes: 128n * GIB, capabilities: [sparse([0n, (189n * GIB) / 2n])] }),
    ),
    says: {
      severity: 'warn',
      message: 'VFIO region 2 is 128 GiB, the physical BAR2 256 GiB',
      remedy: [
        'was the BAR resized after the driver was bound? Release and bind it again:',
        `ghpass release ${ADDRESS}`,
        `ghpass bind ${ADDRESS}`,
      ],
    },
  },
  { id: 'bar2.region-mismatch', title: 'a carve-out, where region 2 is no BAR of the device', host: of(hopper()) },
  {
    id: 'bar2.length-short',
    title: 'a physical BAR2 that is shorter than the memory, in the layout "whole"',
    host: of(blackwell({ bars: [64n * MIB, 128n * GIB, 32n * MIB] })),
    says: {
      severity: 'warn',
      message:
        'the physical BAR2 is 128 GiB, 57.03 GiB (0xe41f00000) shorter than the 185.03 GiB (0x2e41f00000) of coherent memory; a guest reaches the memory through region 4: VFIO region 2 is 256 GiB, of which 256 GiB can be mapped',
      remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
    },
  },
  {
    id: 'bar2.length-short',
    title: 'the same in the layout "aperture", where the memory is reached through it',
    host: of(
      hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] }),
      answering(PLAIN_0, { index: 2, sizeBytes: 128n * GIB, capabilities: [sparse([0n, (189n * GIB) / 2n])] }),
    ),
    says: {
      severity: 'fail',
      message:
        'the physical BAR2 is 64 GiB, 30.5 GiB shorter than the 94.5 GiB of coherent memory; a guest reaches the memory through it: VFIO region 2 is 128 GiB, of which 94.5 GiB can be mapped',
      remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
    },
  },
  {
    id: 'bar2.length-short',
    title: 'the same in a carve-out',
    host: of(hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] })),
    says: {
      severity: 'warn',
      message:
        'the physical BAR2 is 64 GiB, 30.5 GiB shorter than the 94.5 GiB of coherent memory; a guest reaches the memory through region 4: VFIO region 2 is 1 GiB, of which 1 GiB can be mapped',
      remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
    },
  },
  {
    id: 'bar2.length-short',
    title: 'the same on a device that was not opened',
    host: of(hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] })),
    open: false,
    says: {
      severity: 'warn',
      message:
        'the physical BAR2 is 64 GiB, 30.5 GiB shorter than the 94.5 GiB of coherent memory; a guest reaches the memory through region 4: VFIO region 2 is not known, because the device was not opened',
      remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
    },
  },
  {
    id: 'bar2.length-short',
    title: 'the same on a device whose answer cannot be decoded',
    host: of(hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] }), {
      files: { [`/ghpass/vfio/${ADDRESS}.json`]: undecodable() },
    }),
    says: {
      severity: 'warn',
      message:
        'the physical BAR2 is 64 GiB, 30.5 GiB shorter than the 94.5 GiB of coherent memory; VFIO region 2 is not known, because the answer cannot be decoded',
      remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
    },
  },
  {
    id: 'bar2.length-short',
    title: 'memory that the VMM pads, where nothing is specified',
    host: of(
      hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] }),
      answering(PLAIN_0, { index: 2, sizeBytes: (189n * GIB) / 2n }),
    ),
  },
  {
    id: 'bar2.length-short',
    title: 'a BAR2 of just the length',
    host: of(hopper({ bars: [16n * MIB, (189n * GIB) / 2n, 0n] })),
  },
  {
    id: 'stack.pad-bars',
    title: 'a region of 94.5 GiB',
    host: of(hopper(), answering(PLAIN_0, { index: 2, sizeBytes: (189n * GIB) / 2n })),
    says: {
      severity: 'warn',
      message: 'region 2 is 94.5 GiB: the VMM has to pad it to a BAR of 128 GiB, and no released QEMU does',
      remedy: ['use the variant driver of Linux 6.9 or newer, which gives a sparse area instead'],
    },
  },
  { id: 'stack.pad-bars', title: 'a carve-out', host: of(hopper()) },
  {
    id: 'mem.page-align',
    title: 'reserved memory that is no whole number of 64 KiB pages',
    host: of(odd(), {}),
    says: {
      severity: 'warn',
      message: 'region 2 holds 1.48 GiB (0x5f123000), 12288 bytes more than whole pages of 64 KiB: QEMU cannot map it',
      remedy: ['boot a kernel with 4 KiB pages, and report the size to the vendor of the board'],
    },
  },
  {
    id: 'mem.page-align',
    title: 'usable memory that is no whole number of 16 KiB pages',
    host: openMadeUp(
      graceHost([oddWhole()], { kernelConfig: { ...GRACE_KERNEL_CONFIG, ARM64_64K_PAGES: 'n', ARM64_16K_PAGES: 'y' } }),
    ),
    says: {
      severity: 'fail',
      message: 'region 4 holds 2.48 GiB (0x9f121000), 4096 bytes more than whole pages of 16 KiB: QEMU cannot map it',
      remedy: ['boot a kernel with 4 KiB pages, and report the size to the vendor of the board'],
    },
  },
  {
    id: 'mem.page-align',
    title: 'the same memory in pages of 4 KiB',
    host: openMadeUp(graceHost([odd()], { kernelConfig: { ARM64_4K_PAGES: 'y' } })),
  },
  {
    id: 'mem.page-align',
    title: 'a page size that is not known',
    host: openMadeUp(graceHost([odd()], { kernelConfig: {} })),
    notKnown: 'the page size of the kernel is not known',
  },
];

export const DEVICE_CASES: readonly DeviceCase[] = [
  ...ACPI,
  ...DRIVER,
  ...USE,
  ...GROUP,
  ...OPEN,
  ...LAYOUT,
  ...POWER9_CASES,
  ...STATE_CASES,
  ...UNKNOWN_CASES,
];

function layoutCase(one: LayoutCase): DeviceCase {
  const { title, layout, address = ADDRESS, message } = one;
  const says = {
    severity: 'fail',
    message,
    remedy: [`ghpass probe ${address} --json   # attach it to a report`],
  } as const;
  const spoken = message === '' ? {} : { says };
  return { id: 'bar2.layout-unknown', title: `${layout}: ${title}`, host: hostOf(one), ...spoken };
}

/** 65.25 GiB as Linux 6.9 to 6.13 lay it out: the BAR is rounded after the memory. */
function oldRounding(): SyntheticGpu {
  return hopper({
    memory: { base: 1n << 41n, sizeBytes: (261n * GIB) / 4n },
    regions: [
      { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
      { index: 2, sizeBytes: 2n * GIB, sparseBytes: (5n * GIB) / 4n },
      { index: 4, sizeBytes: 64n * GIB, sparseBytes: 64n * GIB },
    ],
  });
}

/** 0x9F123000 bytes, which are whole pages of 4 KiB only. */
function odd(): SyntheticGpu {
  return hopper({
    memory: { base: 1n << 41n, sizeBytes: 0x9f12_3000n },
    regions: [
      { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
      { index: 2, sizeBytes: 2n * GIB, sparseBytes: 0x5f12_3000n },
      { index: 4, sizeBytes: 2n * GIB, sparseBytes: GIB },
    ],
  });
}

function oddWhole(): SyntheticGpu {
  return blackwell({
    memory: { base: 1n << 41n, sizeBytes: 0x9f12_1000n },
    regions: [
      { index: 2, sizeBytes: 256n * GIB, sparseBytes: null },
      { index: 4, sizeBytes: 4n * GIB, sparseBytes: 0x9f12_1000n },
    ],
  });
}

function undecodable(): string {
  return JSON.stringify({ schema: 1, address: ADDRESS, via: 'cdev', regions: [{ index: 0, info: '00' }], error: null });
}

/** Another function in the GPU's group. */
function member(address: string, driver: string | null, pciClass: string): FileChanges {
  const directory = `/sys/bus/pci/devices/${address}`;
  return {
    files: { [`${directory}/class`]: `${pciClass}\n` },
    links: {
      [`/sys/kernel/iommu_groups/12/devices/${address}`]: `../../../../bus/pci/devices/${address}`,
      ...(driver ? { [`${directory}/driver`]: `../../../../bus/pci/drivers/${driver}` } : {}),
    },
  };
}
