import { writeIort } from '../../src/host/builtin/iort-writer.ts';
import type { Host } from '../../src/host/host.ts';
import { board, type FileChanges, GIB, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import type { Case } from './cases.ts';
import { KERNEL_CASES } from './host-kernel-cases.ts';
import { LIBVIRT_CASES } from './host-libvirt-cases.ts';
import { changed, DEVICE, RELEASE, withConfig } from './made-up-hosts.ts';

/** One host, and what a check says of it as a whole. */
export interface HostCase extends Case {
  host: Host;
}

const IORT = '/sys/firmware/acpi/tables/IORT';
const NODE = '/sys/devices/system/node';
const NO_IORT = 'IORT in /sys/firmware/acpi/tables is absent, or only root may read it';
const SMMUS = [0x1100_0000n, 0x1200_0000n];

const files = (changes: FileChanges['files'] = {}) =>
  openMadeUp(graceHost([hopper()], { release: RELEASE }), { files: changes });
const withoutNodes = () => openMadeUp(graceHost([hopper()], { release: RELEASE, nodes: [] }));
const mixedIort = () => {
  const [coherent, other] = [true, false].map((flag) => writeIort(SMMUS, { coherent: flag }));
  return new Uint8Array([...(coherent ?? []).slice(0, 48 + 24 + 68), ...(other ?? []).slice(48 + 24 + 68)]);
};
const hugePages = (node: number, count: number, size = 2048) => ({
  [`${NODE}/node${node}/hugepages/hugepages-${size}kB/nr_hugepages`]: `${count}\n`,
});

const IOMMU: HostCase[] = [
  {
    id: 'iommu.cache-coherency',
    title: 'SMMUs that are not coherent',
    host: changed(IORT, writeIort(SMMUS, { coherent: false })),
    says: {
      severity: 'fail',
      message:
        'firmware calls 2 of 2 SMMUs not coherent (0x11000000, 0x12000000): VFIO refuses a device behind them with EINVAL (22)',
      remedy: ['update the firmware: its IORT lacks COHACC', 'dmesg | grep -i "IDR0.COHACC overridden"'],
    },
  },
  {
    id: 'iommu.cache-coherency',
    title: 'one SMMU that is not',
    host: changed(IORT, mixedIort()),
    says: {
      severity: 'warn',
      message:
        'firmware calls 1 of 2 SMMUs not coherent (0x12000000): VFIO refuses a device behind them with EINVAL (22)',
      remedy: ['update the firmware: its IORT lacks COHACC', 'dmesg | grep -i "IDR0.COHACC overridden"'],
    },
  },
  { id: 'iommu.cache-coherency', title: 'no IORT', host: changed(IORT, null), notKnown: NO_IORT },
  {
    id: 'iommu.cache-coherency',
    title: 'an IORT that is cut short',
    host: changed(IORT, writeIort(SMMUS).slice(0, 100)),
    notKnown: NO_IORT,
  },
  {
    id: 'iommu.cache-coherency',
    title: 'an IORT without SMMUs',
    host: changed(IORT, writeIort([])),
    notKnown: 'IORT lists no SMMUv3',
  },
  {
    id: 'iommu.msi-isolation',
    title: 'no ITS',
    host: changed(IORT, writeIort(SMMUS, { itsGroups: 0 })),
    says: {
      severity: 'fail',
      message: 'IORT lists no ITS, so interrupts of devices are not isolated: VFIO refuses every device with EPERM (1)',
      remedy: ['enable the GIC ITS in the firmware, or update it'],
    },
  },
  {
    id: 'iommu.msi-isolation',
    title: 'isolation that was given up',
    host: changed('/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts', 'Y\n'),
    says: {
      severity: 'warn',
      message: 'vfio_iommu_type1 has allow_unsafe_interrupts=Y: a guest may raise interrupts of other devices',
      remedy: ['echo N > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'],
    },
  },
  { id: 'iommu.msi-isolation', title: 'no IORT', host: changed(IORT, null), notKnown: NO_IORT },
  {
    id: 'iommu.noiommu',
    title: 'a group without an IOMMU',
    host: changed('/sys/class/vfio/noiommu-0/dev', '511:0\n'),
    says: {
      severity: 'fail',
      message:
        'VFIO has 1 group without an IOMMU (/dev/vfio/noiommu-0): QEMU cannot use them, and their DMA reaches all memory',
      remedy: [
        'echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode',
        'enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3',
      ],
    },
  },
  {
    id: 'iommu.noiommu',
    title: 'the mode, and no such group',
    host: changed('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode', 'Y\n'),
    says: {
      severity: 'warn',
      message: 'vfio has enable_unsafe_noiommu_mode=Y, with which a missing IOMMU goes unnoticed',
      remedy: ['echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode'],
    },
  },
  {
    id: 'iommu.noiommu',
    title: 'a kernel that has no such mode',
    host: changed('/sys/module/vfio/parameters/enable_unsafe_noiommu_mode', null),
  },
  {
    id: 'iommu.noiommu',
    title: 'a module that is not loaded',
    host: withConfig(
      { VFIO_NOIOMMU: 'y' },
      { files: { '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode': null } },
    ),
    notKnown: 'vfio is not loaded, so it shows no parameters',
  },
];

const MEMORY: HostCase[] = [
  {
    id: 'mem.dma-limit',
    title: 'a limit below the default',
    host: changed('/sys/module/vfio_iommu_type1/parameters/dma_entry_limit', '1024\n'),
    says: {
      severity: 'warn',
      message:
        'dma_entry_limit is 1024, the default 65535: VFIO_IOMMU_MAP_DMA ends with ENOSPC (28) when they are used up',
      remedy: ['echo 65535 > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit'],
    },
  },
  {
    id: 'mem.dma-limit',
    title: 'a module that is not loaded',
    host: changed('/sys/module/vfio_iommu_type1/parameters/dma_entry_limit', null),
    notKnown: 'vfio_iommu_type1 is not loaded, so it shows no parameters',
  },
  {
    id: 'mem.hugepages',
    title: 'huge pages in the memory of a GPU',
    host: files(hugePages(1, 64)),
    says: {
      severity: 'fail',
      message: 'node 1 has 64 huge pages of 2 MiB and no CPUs: they are in the memory of a GPU',
      remedy: [`echo 0 > ${NODE}/node1/hugepages/hugepages-2048kB/nr_hugepages`],
    },
  },
  {
    id: 'mem.hugepages',
    title: 'huge pages that leave the host too little',
    host: files(hugePages(0, 29, 16777216)),
    says: {
      severity: 'warn',
      message: 'node 0 has 29 huge pages of 16 GiB in 480 GiB of memory: 16 GiB are left for the host',
      remedy: [`echo 28 > ${NODE}/node0/hugepages/hugepages-16777216kB/nr_hugepages`],
    },
  },
  {
    id: 'mem.hugepages',
    title: 'huge pages that nothing can use',
    host: files({ ...hugePages(0, 64), '/proc/mounts': 'proc /proc proc rw 0 0\n' }),
    says: {
      severity: 'warn',
      message: '64 huge pages are reserved, and no hugetlbfs is mounted',
      remedy: ['mount -t hugetlbfs hugetlbfs /dev/hugepages'],
    },
  },
  { id: 'mem.hugepages', title: 'just as many as may be', host: files(hugePages(0, 28, 16777216)) },
  { id: 'mem.hugepages', title: 'no NUMA', host: withoutNodes(), notKnown: 'no NUMA node shows its huge pages' },
  {
    id: 'numa.memory-only',
    title: 'GPU memory that is online',
    host: files({ [`${NODE}/node2/meminfo`]: `Node 2 MemTotal: ${(96n * GIB) / 1024n} kB\n` }),
    says: {
      severity: 'fail',
      message:
        'memory without CPUs is online: node 2 with 96 GiB; programs and guests may be placed in the memory of a GPU',
      remedy: [
        'modprobe -r nvidia_uvm nvidia   # gives it back',
        'numactl --membind=0 …   # for everything that stays',
      ],
    },
  },
  { id: 'numa.memory-only', title: 'no NUMA', host: withoutNodes(), notKnown: 'the kernel shows no NUMA nodes' },
  {
    id: 'numa.host-nodes',
    title: 'two GPUs on a kernel with 16 nodes',
    host: openMadeUp(graceHost(board(2, hopper), { release: RELEASE, kernelConfig: { NODES_SHIFT: '4' } }), {
      files: { [`${NODE}/possible`]: '0-15\n' },
    }),
    says: {
      severity: 'warn',
      message: `firmware has 17 proximity domains, Linux ${RELEASE} made 16 nodes (CONFIG_NODES_SHIFT=4): 1 of them got none, and distances to GPUs are missing`,
      remedy: ['boot a kernel with CONFIG_NODES_SHIFT=6'],
    },
  },
  {
    id: 'numa.host-nodes',
    title: 'no SRAT',
    host: changed('/sys/firmware/acpi/tables/SRAT', null),
    notKnown: 'SRAT is absent, or only root may read it',
  },
  { id: 'numa.host-nodes', title: 'no NUMA', host: withoutNodes(), notKnown: 'the kernel shows no NUMA nodes' },
  {
    id: 'numa.balancing',
    title: 'balancing that is on',
    host: changed('/proc/sys/kernel/numa_balancing', '1\n'),
    says: {
      severity: 'info',
      message:
        'numa_balancing is 1: the kernel unmaps pages to see who uses them, though those of a guest are pinned and stay',
      remedy: [
        'sysctl -w kernel.numa_balancing=0',
        'grubby --update-kernel=ALL --args=numa_balancing=disable   # Fedora, RHEL',
        `sed -i 's/^GRUB_CMDLINE_LINUX="/&numa_balancing=disable /' /etc/default/grub && update-grub   # Debian, Ubuntu`,
      ],
    },
  },
  {
    id: 'numa.balancing',
    title: 'a kernel without it',
    host: changed('/proc/sys/kernel/numa_balancing', null),
    notKnown: 'there is no /proc/sys/kernel/numa_balancing',
  },
];

const BOARD: HostCase[] = [
  {
    id: 'fabric.nvlink',
    title: 'an NVSwitch',
    host: files({
      '/sys/bus/pci/devices/0006:00:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0006:00:00.0/device': '0x22a3\n',
      '/sys/bus/pci/devices/0006:00:00.0/class': '0x068000\n',
    }),
    says: {
      severity: 'warn',
      message:
        'the host has 1 GPU and 1 NVSwitch (0006:00:00.0): CUDA in a guest ends with error 802 until the fabric manager has made a partition for its GPUs',
      remedy: [
        'give the guest all GPUs and NVSwitches, or make a partition for its GPUs:',
        'systemctl status nvidia-fabricmanager',
      ],
    },
  },
  {
    id: 'fabric.nvlink',
    title: 'a function without a class',
    host: changed(`${DEVICE}/class`, null),
    notKnown: 'the class of an NVIDIA function is not known',
  },
  {
    id: 'egm.unsupported',
    title: 'a kernel with extended GPU memory',
    host: changed('/sys/class/egm/egm4/dev', '510:0\n'),
    says: {
      severity: 'info',
      message: 'the host has extended GPU memory (/dev/egm4); QEMU has no object for it, so guests do without',
      remedy: [],
    },
  },
  {
    id: 'egm.unsupported',
    title: 'a capture without classes',
    host: files({ '/sys/class/misc/iommu/dev': null, '/sys/class/misc/vfio/dev': null }),
    notKnown: 'there is no /sys/class',
  },
];

export const HOST_CASES: readonly HostCase[] = [...KERNEL_CASES, ...IOMMU, ...MEMORY, ...BOARD, ...LIBVIRT_CASES];
