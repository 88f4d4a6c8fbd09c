import { GRACE_KERNEL_CONFIG } from '../../src/host/builtin/gh200.ts';
import { blackwell, board, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import type { HostCase } from './host-cases.ts';
import { asLocal, changed, RELEASE, withConfig, withoutConfig } from './made-up-hosts.ts';

const NO_CONFIG = 'the build options of the kernel are in neither /proc/config.gz nor /boot';
const NO_RELEASE = 'the release of the kernel is not known';
const ALIASES = `/lib/modules/${RELEASE}/modules.alias`;

const boots = (argument: string) => [
  `grubby --update-kernel=ALL --args=${argument}   # Fedora, RHEL`,
  `sed -i 's/^GRUB_CMDLINE_LINUX="/&${argument} /' /etc/default/grub && update-grub   # Debian, Ubuntu`,
];
const commandLine = (text: string | null, config: Record<string, string> = GRACE_KERNEL_CONFIG) =>
  withConfig(config, { files: { '/proc/cmdline': text } });
const linux = (release: string, config: Record<string, string> = GRACE_KERNEL_CONFIG) =>
  openMadeUp(graceHost([hopper()], { release, kernelConfig: config }));
/** A kernel whose GPU no driver has, with these options. */
const unbound = (config: Record<string, string>, aliases: string | null) =>
  openMadeUp(graceHost([hopper({ driver: null })], { release: RELEASE, kernelConfig: config }), {
    files: { [ALIASES]: aliases },
  });
const NVGRACE_REMEDY = [
  'boot Linux 6.9 or newer that was built with CONFIG_NVGRACE_GPU_VFIO_PCI=m, or a kernel of NVIDIA',
  'apt-get install linux-modules-extra-$(uname -r)   # Ubuntu',
];
/** Debian's arm64 kernel of 6.12, as far as VFIO is concerned. */
const DEBIAN = { VFIO: 'm', VFIO_GROUP: 'y', VFIO_CONTAINER: 'y', VFIO_IOMMU_TYPE1: 'm' };

const PLATFORM: HostCase[] = [
  {
    id: 'platform.unsupported',
    title: 'an x86 machine',
    host: changed('/proc/sys/kernel/arch', 'x86_64\n'),
    says: {
      severity: 'fail',
      message: 'the host with 1 coherent GPU is x86_64; the variant driver is for arm64 with ACPI',
      remedy: ['run ghpass on a Grace host'],
    },
  },
  {
    id: 'platform.unsupported',
    title: 'a machine with a device tree',
    host: openMadeUp(graceHost([hopper()], { release: RELEASE }), {
      files: Object.fromEntries(['DSDT', 'IORT', 'SRAT'].map((name) => [`/sys/firmware/acpi/tables/${name}`, null])),
    }),
    says: {
      severity: 'fail',
      message: 'the host with 1 coherent GPU has no ACPI tables; the variant driver is for arm64 with ACPI',
      remedy: ['run ghpass on a Grace host'],
    },
  },
  {
    id: 'platform.unsupported',
    title: 'a capture without uname',
    host: changed('/proc/sys/kernel/arch', null),
    notKnown: 'uname -m is not known',
  },
  {
    id: 'kernel.nvgrace-config',
    title: 'a kernel that was built without it',
    host: unbound(DEBIAN, 'alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n'),
    says: {
      severity: 'fail',
      message: `Linux ${RELEASE} was built without CONFIG_NVGRACE_GPU_VFIO_PCI: no GPU can be given to a guest with its memory`,
      remedy: NVGRACE_REMEDY,
    },
  },
  {
    id: 'kernel.nvgrace-config',
    title: 'a module that is not installed',
    host: unbound(GRACE_KERNEL_CONFIG, 'alias pci:v* vfio_pci\n'),
    says: {
      severity: 'fail',
      message: `Linux ${RELEASE} has CONFIG_NVGRACE_GPU_VFIO_PCI=m, but its modules.alias does not list nvgrace_gpu_vfio_pci: no GPU can be given to a guest with its memory`,
      remedy: NVGRACE_REMEDY,
    },
  },
  {
    id: 'kernel.nvgrace-config',
    title: 'a module that is not installed, of a kernel with unknown options',
    host: unbound({}, 'alias pci:v* vfio_pci\n'),
    says: {
      severity: 'fail',
      message: `Linux ${RELEASE} lists no nvgrace_gpu_vfio_pci in its modules.alias: no GPU can be given to a guest with its memory`,
      remedy: NVGRACE_REMEDY,
    },
  },
  { id: 'kernel.nvgrace-config', title: 'a driver that was built apart', host: linux(RELEASE, DEBIAN) },
  { id: 'kernel.nvgrace-config', title: 'unknown aliases', host: unbound(GRACE_KERNEL_CONFIG, null) },
  {
    id: 'kernel.nvgrace-config',
    title: 'neither options nor aliases',
    host: unbound({}, null),
    notKnown: 'neither the build options of the kernel nor its modules.alias are known',
  },
  {
    id: 'kernel.vfio-config',
    title: 'a kernel without cdevs, as Debian has it',
    host: withConfig(DEBIAN),
    says: {
      severity: 'warn',
      message: `Linux ${RELEASE} has no cdev path (CONFIG_VFIO_DEVICE_CDEV, CONFIG_IOMMUFD): guests get their GPUs by group and container`,
      remedy: ['nothing, as long as neither iommufd nor an accelerated SMMU is wanted'],
    },
  },
  {
    id: 'kernel.vfio-config',
    title: 'a kernel with neither path',
    host: withConfig({ VFIO: 'm', VFIO_GROUP: 'y' }),
    says: {
      severity: 'fail',
      message: `Linux ${RELEASE} has no path to a device: groups lack CONFIG_VFIO_CONTAINER, CONFIG_VFIO_IOMMU_TYPE1; cdevs lack CONFIG_VFIO_DEVICE_CDEV, CONFIG_IOMMUFD`,
      remedy: ['boot a kernel that has them: those of Debian and Ubuntu have the groups'],
    },
  },
  {
    id: 'kernel.vfio-config',
    title: 'a kernel whose iommufd plays the container, without cdevs',
    host: withConfig({ VFIO: 'm', VFIO_GROUP: 'y', IOMMUFD: 'm', IOMMUFD_VFIO_CONTAINER: 'y' }),
    says: {
      severity: 'warn',
      message: `Linux ${RELEASE} has no cdev path (CONFIG_VFIO_DEVICE_CDEV): guests get their GPUs by group and container`,
      remedy: ['nothing, as long as neither iommufd nor an accelerated SMMU is wanted'],
    },
  },
  { id: 'kernel.vfio-config', title: 'both nodes, and unknown options', host: withoutConfig() },
  {
    id: 'kernel.vfio-config',
    title: 'one node, and unknown options',
    host: withoutConfig({ files: { '/sys/class/misc/iommu/dev': null } }),
    notKnown: NO_CONFIG,
  },
];

const SPEED: HostCase[] = [
  ...(
    [
      ['ARM64_4K_PAGES', '4 KiB', 16],
      ['ARM64_16K_PAGES', '16 KiB', 4],
    ] as const
  ).map(
    ([option, size, times]): HostCase => ({
      id: 'kernel.page-size',
      title: `pages of ${size}`,
      host: withConfig({ [option]: 'y' }),
      says: {
        severity: 'warn',
        message: `pages are ${size}: ${times} times as many to pin and to map as with 64 KiB`,
        remedy: ['apt-get install linux-generic-64k   # Ubuntu', 'dnf install kernel-64k   # RHEL 9, CentOS Stream 9'],
      },
    }),
  ),
  {
    id: 'kernel.page-size',
    title: 'unknown options and no auxiliary vector',
    host: withoutConfig(),
    notKnown: 'neither /proc/self/auxv nor the build options of the kernel are known',
  },
  ...(['6.12.15', '6.13.9'] as const).map(
    (release): HostCase => ({
      id: 'kernel.region4-rounding',
      title: `Linux ${release}`,
      host: linux(release),
      says: {
        severity: 'info',
        message: `Linux ${release} rounds the usable memory down to 512 MiB before it rounds region 4 up: the region may be half as long as with 6.14 or 6.12.16`,
        remedy: [],
      },
    }),
  ),
  { id: 'kernel.region4-rounding', title: 'Linux 6.12.16', host: linux('6.12.16') },
  {
    id: 'kernel.region4-rounding',
    title: 'no release',
    host: changed('/ghpass/uname', null),
    notKnown: NO_RELEASE,
  },
  ...(
    [
      ['that is built in', 'quiet\n', { INIT_ON_ALLOC_DEFAULT_ON: 'y' }, 'CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y'],
      ['that is asked for', 'init_on_alloc=0 init_on_alloc=1\n', {}, 'init_on_alloc=1'],
    ] as const
  ).map(
    ([title, line, config, why]): HostCase => ({
      id: 'kernel.init-on-alloc',
      title: `clearing ${title}`,
      host: commandLine(line, config),
      says: {
        severity: 'info',
        message: `${why}: each page is cleared when it is given out, which makes the start of a guest and the onlining of GPU memory slow`,
        remedy: boots('init_on_alloc=0'),
      },
    }),
  ),
  {
    id: 'kernel.init-on-alloc',
    title: 'clearing that is built in and turned off',
    host: commandLine('init_on_alloc=off\n', { INIT_ON_ALLOC_DEFAULT_ON: 'y' }),
  },
  ...['kernel.init-on-alloc', 'kernel.iommu-passthrough'].flatMap((id): HostCase[] => [
    { id, title: 'no command line', host: commandLine(null), notKnown: 'there is no /proc/cmdline' },
    {
      id,
      title: 'a command line that leaves it to unknown options',
      host: withoutConfig({ files: { '/proc/cmdline': 'quiet\n' } }),
      notKnown: NO_CONFIG,
    },
  ]),
  {
    id: 'kernel.iommu-passthrough',
    title: 'iommu.passthrough=1',
    host: withConfig(GRACE_KERNEL_CONFIG, {
      files: { '/proc/cmdline': 'iommu.passthrough=1\n', '/sys/kernel/iommu_groups/12/type': 'identity\n' },
    }),
    says: {
      severity: 'warn',
      message:
        'iommu.passthrough=1 (1 GPU, 1 in a group of type identity): VFIO is not affected, but NVIDIA asks for 0 on Grace',
      remedy: boots('iommu.passthrough=0'),
    },
  },
  {
    id: 'kernel.iommu-passthrough',
    title: 'passthrough that is built in',
    host: commandLine('quiet\n', { IOMMU_DEFAULT_PASSTHROUGH: 'y' }),
    says: {
      severity: 'warn',
      message:
        'CONFIG_IOMMU_DEFAULT_PASSTHROUGH=y (1 GPU, 0 in a group of type identity): VFIO is not affected, but NVIDIA asks for 0 on Grace',
      remedy: boots('iommu.passthrough=0'),
    },
  },
  {
    id: 'kernel.ras-config',
    title: 'a kernel without it',
    host: withConfig({ MEMORY_FAILURE: 'y' }),
    says: {
      severity: 'info',
      message: `Linux ${RELEASE} lacks CONFIG_ACPI_APEI_GHES: an error in memory that a guest uses takes down more than the guest`,
      remedy: ['boot a kernel that has them: those of Debian, Ubuntu and RHEL do'],
    },
  },
  { id: 'kernel.ras-config', title: 'unknown options', host: withoutConfig(), notKnown: NO_CONFIG },
  {
    id: 'boot.slow-bars',
    title: 'two GPUs on Linux 6.18',
    host: openMadeUp(graceHost(board(2, blackwell), { release: '6.18.3' })),
    says: {
      severity: 'warn',
      message:
        'Linux 6.18.3 maps 370.06 GiB (0x5c83e00000) of GPU memory as 6063072 pages of 64 KiB, unless its vendor took huge PFNMAP in: a guest may take minutes before its kernel starts',
      remedy: ['boot Linux 6.19 or newer', 'ghpass create-vm … --timeout 1800'],
    },
  },
  { id: 'boot.slow-bars', title: 'no release', host: changed('/ghpass/uname', null), notKnown: NO_RELEASE },
  {
    id: 'boot.slow-bars',
    title: 'memory that is not known',
    host: openMadeUp(graceHost([hopper({ memory: { base: 0n, sizeBytes: 0n }, regions: [] })])),
    notKnown: 'the memory of the GPUs is not known',
  },
  {
    id: 'boot.slow-bars',
    title: 'a page size that is not known',
    host: linux('6.17.0', {}),
    notKnown: 'the page size of the kernel is not known',
  },
  {
    id: 'boot.slow-bars',
    title: 'this machine, with pages of 64 KiB, on Linux 6.19',
    host: asLocal(linux('6.19.0')),
  },
];

/** What the kernel was built with, and how it was booted. */
export const KERNEL_CASES: readonly HostCase[] = [...PLATFORM, ...SPEED];
