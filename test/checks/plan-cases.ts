import type { Host } from '../../src/host/host.ts';
import type { ToolFacts } from '../../src/host/programs/tools.ts';
import type { GuestPlan } from '../../src/plan/guest-plan.ts';
import { blackwell, board, GIB, graceHost, hopper, LIBVIRT, MIB, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import type { PlanOptions } from '../fixtures/plan.ts';
import type { Case } from './cases.ts';
import { PLACEMENT_CASES } from './placement-cases.ts';

/** A host, what is planned on it, and what a check says of the plan. */
export interface PlanCase extends PlanOptions, Case {
  host?: Host;
}

const INSTALL = [
  'apt-get install qemu-system-arm   # Debian 13 or newer; Debian 12: from bookworm-backports',
  'dnf install qemu-system-aarch64',
];
const four = () => openMadeUp(graceHost(board(4, blackwell)));
const linux = (release: string) => openMadeUp(graceHost([hopper()], { release }));

function qemu(version: [number, number, number], changes: Partial<NonNullable<ToolFacts['qemu']>> = {}): ToolFacts {
  return { ...TOOLS, qemu: TOOLS.qemu && { ...TOOLS.qemu, version, ...changes } };
}

function kvm(changes: Partial<ToolFacts['kvm']>): ToolFacts {
  return { ...TOOLS, kvm: { ...TOOLS.kvm, ...changes } };
}

function firmware(name: string, version: string): ToolFacts {
  return { ...TOOLS, firmware: TOOLS.firmware.map((image) => ({ ...image, package: { name, version } })) };
}

/** What is free: on node 0, to which the guest's memory is bound, and in all. */
function memory(onNode: bigint, inAll: bigint | null): Host {
  const files = {
    '/sys/devices/system/node/node0/meminfo': `Node 0 MemTotal: 503316480 kB\nNode 0 MemFree: ${onNode / 1024n} kB\n`,
    '/proc/meminfo': inAll === null ? null : `MemTotal: 503316480 kB\nMemAvailable:  ${inAll / 1024n} kB\n`,
  };
  return openMadeUp(graceHost([hopper()]), { files });
}

const STACK: PlanCase[] = [
  {
    id: 'stack.version',
    title: 'no QEMU',
    tools: { ...TOOLS, qemu: null },
    says: { severity: 'fail', message: 'qemu-system-aarch64 is not on PATH', remedy: INSTALL },
  },
  {
    id: 'stack.version',
    title: 'QEMU 8.2, without generic initiators',
    tools: qemu([8, 2, 7], { genericInitiator: false }),
    says: {
      severity: 'fail',
      message:
        'QEMU 8.2.7 has no acpi-generic-initiator: the guest would have no node for the coherent memory; 9.2 is the least that ghpass is meant for',
      remedy: INSTALL,
    },
  },
  {
    id: 'stack.version',
    title: 'a host that does not tell about its tools',
    toolsAssumed: true,
    says: { severity: 'info', message: 'made-up does not tell about its tools: QEMU 11.1.3 is assumed' },
  },
  { id: 'stack.version', title: 'an old QEMU into which a vendor took the object', tools: qemu([8, 2, 7]) },
  {
    id: 'qemu.gi-bdf',
    title: 'QEMU 9.1',
    tools: qemu([9, 1, 3]),
    says: {
      severity: 'warn',
      message:
        "QEMU 9.1.3 swaps bus and device in the handle; the guest's driver copes by a workaround that is due to go",
      remedy: ['use QEMU 9.2 or newer, with NVIDIA driver 570.124.04 or newer in the guest'],
    },
  },
  {
    id: 'qemu.gi-node-range',
    title: 'more nodes than QEMU takes',
    planned: sixteenGpus(),
    says: {
      severity: 'fail',
      message: 'the guest has 130 nodes, QEMU takes 128: it would not start',
      remedy: ['give the guest at most 15 GPUs'],
    },
  },
  { id: 'qemu.gi-bdf', title: 'QEMU 9.2', tools: qemu([9, 2, 0]) },
  { id: 'qemu.gi-bdf', title: 'no QEMU', tools: { ...TOOLS, qemu: null }, notKnown: 'no QEMU to ask' },
  { id: 'qemu.gi-bdf', title: 'QEMU without the object', tools: qemu([8, 2, 0], { genericInitiator: false }) },
  {
    id: 'firmware.aavmf',
    title: 'AAVMF of Debian 12',
    tools: firmware('qemu-efi-aarch64', '2022.11-6+deb12u2'),
    says: {
      severity: 'fail',
      subject: '/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd',
      message: 'qemu-efi-aarch64 2022.11-6+deb12u2 loses all NUMA nodes of the guest: Linux fakes a single one',
      remedy: ['install qemu-efi-aarch64 2025.02 or newer: the package of Debian 13 installs on Debian 12'],
    },
  },
  { id: 'firmware.aavmf', title: 'AAVMF of Debian 13', tools: firmware('qemu-efi-aarch64', '2025.02-8') },
  {
    id: 'firmware.aavmf',
    title: 'an image that no package owns',
    tools: { ...TOOLS, firmware: TOOLS.firmware.map((image) => ({ ...image, package: null })) },
    notKnown: 'no package manager knows /usr/share/AAVMF/AAVMF_CODE.no-secboot.fd',
  },
  {
    id: 'mmio.window',
    title: 'QEMU 9.2 and four GPUs',
    host: four(),
    tools: qemu([9, 2, 0], { highmemMmioSize: false }),
    says: {
      severity: 'fail',
      message: 'QEMU 9.2.0 cannot change its window of 512 GiB; the GPUs need 8 TiB',
      remedy: ['use QEMU 10.0 or newer'],
    },
  },
  { id: 'mmio.window', title: 'QEMU 10.0 and four GPUs', host: four(), tools: qemu([10, 0, 0]) },
  { id: 'mmio.window', title: 'no QEMU', tools: { ...TOOLS, qemu: null }, notKnown: 'no QEMU to ask' },
];

const KVM: PlanCase[] = [
  {
    id: 'kvm.unusable',
    title: 'no KVM, so that TCG is used',
    tools: kvm({ usable: false, reason: '/dev/kvm: kvm-open failed with errno 2' }),
    says: {
      severity: 'warn',
      message:
        'TCG is used, because KVM does not run a guest: /dev/kvm: kvm-open failed with errno 2; the guest is emulated and slow',
    },
  },
  {
    id: 'kvm.unusable',
    title: 'TCG that was asked for',
    request: { accelerator: 'tcg' },
    says: { severity: 'warn', message: 'TCG was asked for; the guest is emulated and slow' },
  },
  {
    id: 'kvm.unusable',
    title: 'KVM that was asked for and does not run',
    tools: kvm({ usable: false, reason: '/dev/kvm: kvm-open failed with errno 13' }),
    request: { accelerator: 'kvm' },
    says: { severity: 'fail', message: 'KVM does not run a guest: /dev/kvm: kvm-open failed with errno 13' },
  },
  { id: 'kvm.unusable', title: 'KVM that runs', request: { accelerator: 'kvm' } },
  {
    id: 'kernel.cacheable-pfnmap',
    title: 'KVM that maps device memory uncached',
    host: linux('6.12.107'),
    tools: kvm({ cacheablePfnmap: false }),
    says: {
      severity: 'warn',
      message:
        "KVM of 6.12.107 does not announce cacheable mappings of device memory: the guest cannot use the GPU's memory as RAM",
      remedy: ['boot Linux 6.17 or newer, or a vendor kernel that has it, on a CPU with FWB and DIC'],
    },
  },
  {
    id: 'kernel.cacheable-pfnmap',
    title: 'KVM that was not asked',
    tools: kvm({ cacheablePfnmap: null }),
    notKnown: 'KVM was not asked',
  },
  {
    id: 'kernel.cacheable-pfnmap',
    title: 'KVM that does not run',
    tools: kvm({ usable: false, reason: '/dev/kvm: kvm-open failed with errno 2' }),
    notKnown: '/dev/kvm: kvm-open failed with errno 2',
  },
  {
    id: 'kernel.cacheable-pfnmap',
    title: 'TCG',
    tools: kvm({ cacheablePfnmap: false }),
    request: { accelerator: 'tcg' },
  },
  {
    id: 'iommufd.pfnmap',
    title: 'iommufd that was asked for on Linux 6.18',
    host: linux('6.18.3'),
    request: { iommufd: true },
    says: {
      severity: 'warn',
      message: 'iommufd of 6.18.3 cannot map device memory: direct transfers between devices will not work',
      remedy: ['ghpass … --vfio group'],
    },
  },
  { id: 'iommufd.pfnmap', title: 'iommufd on Linux 6.19', host: linux('6.19.0'), request: { iommufd: true } },
  { id: 'iommufd.pfnmap', title: 'the group on Linux 6.18', host: linux('6.18.3') },
  {
    id: 'iommufd.pfnmap',
    title: 'iommufd on a kernel of unknown release',
    host: openMadeUp(graceHost([hopper()]), { files: { '/ghpass/uname': null } }),
    request: { iommufd: true },
    notKnown: 'the release of the kernel is not known',
  },
];

const MEMORY: PlanCase[] = [
  {
    id: 'mem.available',
    title: 'a node that has less free than is bound to it',
    host: memory(16n * GIB - MIB, 100n * GIB),
    says: {
      severity: 'fail',
      message:
        'the guest wants 16 GiB, all of it pinned; the host has 15.99 GiB (0x3fff00000) on node 0, to which it is bound',
    },
  },
  {
    id: 'mem.available',
    title: 'a host that has less available than the guest is to get',
    host: memory(100n * GIB, 8n * GIB),
    says: { severity: 'fail', message: 'the guest wants 16 GiB, all of it pinned; the host has 8 GiB in all' },
  },
  { id: 'mem.available', title: 'a host that has just as much', host: memory(16n * GIB, 16n * GIB) },
  {
    id: 'mem.available',
    title: 'a host that does not tell',
    host: memory(16n * GIB, null),
    notKnown: 'MemAvailable of /proc/meminfo is not known',
  },
  {
    id: 'kernel.nodes-shift',
    title: 'two GPUs for a kernel with 16 nodes',
    host: openMadeUp(graceHost(board(2, hopper))),
    guestKernelConfig: new Map([['NODES_SHIFT', '4']]),
    says: {
      severity: 'warn',
      message: "the guest has 17 nodes, the guest's kernel holds 16: 1 node of a GPU will be lost",
      remedy: ['boot the guest with a kernel that has CONFIG_NODES_SHIFT=6', 'give the guest fewer GPUs'],
    },
  },
  {
    id: 'kernel.nodes-shift',
    title: 'four GPUs for a kernel that is not known',
    host: four(),
    says: {
      severity: 'warn',
      message:
        'the guest has 34 nodes, a kernel with the default NODES_SHIFT=4 holds 16: 18 nodes of a GPU will be lost',
      remedy: ['boot the guest with a kernel that has CONFIG_NODES_SHIFT=6', 'give the guest fewer GPUs'],
    },
  },
  {
    id: 'kernel.nodes-shift',
    title: 'four GPUs for a kernel with 64 nodes',
    host: four(),
    guestKernelConfig: new Map([['NODES_SHIFT', '6']]),
  },
  { id: 'kernel.nodes-shift', title: 'one GPU for a kernel that is not known' },
  {
    id: 'numa.distances-unknown',
    title: 'a host without an SRAT',
    host: openMadeUp(graceHost([hopper()]), { files: { '/sys/firmware/acpi/tables/SRAT': null } }),
    says: {
      severity: 'info',
      message:
        "the host's SRAT does not show the generic initiators of the GPUs, so the guest gets Linux's default distances 10 and 20",
    },
  },
  {
    id: 'numa.distances-unknown',
    title: 'a host without NUMA',
    host: openMadeUp(graceHost([hopper()], { nodes: [] })),
    says: {
      severity: 'info',
      message:
        "the host's SRAT does not show the generic initiators of the GPUs, so the guest gets Linux's default distances 10 and 20",
    },
  },
];

const MAY_NOT_LOCK: PlanCase['says'] = {
  severity: 'fail',
  message:
    'the guest wants 16 GiB, all of it pinned; a process without CAP_IPC_LOCK may lock 8 MiB here, and VFIO ends with ENOMEM (12)',
  remedy: [
    'sudo prlimit --pid $$ --memlock=17179869184   # for this shell',
    'echo "$USER - memlock 16777216" | sudo tee /etc/security/limits.d/ghpass.conf   # after the next login',
    'or run ghpass as root',
  ],
};

const START: PlanCase[] = [
  {
    id: 'mem.memlock',
    title: 'a user who may lock 8 MiB',
    host: locking('8388608', '0000000000000000'),
    says: MAY_NOT_LOCK,
  },
  {
    id: 'mem.memlock',
    title: 'a service that may lock 8 MiB',
    host: locking('8388608', '0000000000000000', '0::/system.slice/ci.service\n'),
    says: {
      severity: 'fail',
      message:
        'the guest wants 16 GiB, all of it pinned; a process without CAP_IPC_LOCK may lock 8 MiB here, and VFIO ends with ENOMEM (12); that is LimitMEMLOCK of ci.service',
      remedy: [
        "sudo mkdir -p /etc/systemd/system/ci.service.d && printf '[Service]\\nLimitMEMLOCK=17179869184\\n' | sudo tee /etc/systemd/system/ci.service.d/memlock.conf",
        'sudo systemctl daemon-reload && sudo systemctl restart ci.service',
      ],
    },
  },
  { id: 'mem.memlock', title: 'root, whatever the limit is', host: locking('8388608', '000001ffffffffff') },
  { id: 'mem.memlock', title: 'a user who may lock just as much', host: locking('17179869184', '0000000000000000') },
  { id: 'mem.memlock', title: 'a user without a limit', host: locking('unlimited', '0000000000000000') },
  {
    id: 'mem.memlock',
    title: 'a host that does not tell',
    host: changed('/proc/self/limits', null),
    notKnown: '/proc/self/limits does not say',
  },
  {
    id: 'mem.memlock',
    title: 'a user whose guest libvirt of the system runs',
    host: locking('8388608', '0000000000000000'),
    libvirt: LIBVIRT,
  },
  {
    id: 'mem.memlock',
    title: 'a user whose own libvirt runs the guest',
    host: locking('8388608', '0000000000000000'),
    libvirt: { ...LIBVIRT, uri: 'qemu:///session' },
    says: MAY_NOT_LOCK,
  },
  {
    id: 'libvirt.version',
    title: 'a host that does not tell about libvirt',
    libvirt: LIBVIRT,
    libvirtAssumedBecause: 'snapshot.tar.gz does not tell about libvirt',
    says: {
      severity: 'info',
      message: 'snapshot.tar.gz does not tell about libvirt: libvirt 12.8.0 is assumed',
      remedy: ['--profile fallback   # what every libvirt keeps'],
    },
  },
  { id: 'libvirt.version', title: 'a libvirt that answered', libvirt: LIBVIRT },
  { id: 'libvirt.version', title: 'a guest that ghpass starts itself' },
  {
    id: 'libvirt.hugepages',
    title: 'pages of 512 MiB where those of 2 MiB are mounted',
    libvirt: LIBVIRT,
    planned: { hugePageBytes: 512n * MIB },
    says: {
      severity: 'fail',
      message:
        'the guest is to have pages of 512 MiB, and no hugetlbfs of that size is mounted: libvirt refuses to start it',
      remedy: [
        'mkdir -p /dev/hugepages-524288k && mount -t hugetlbfs -o pagesize=524288K hugetlbfs /dev/hugepages-524288k',
        'systemctl restart virtqemud   # or libvirtd; guests go on',
      ],
    },
  },
  {
    id: 'libvirt.hugepages',
    title: 'pages of 2 MiB and of 1 GiB that are mounted',
    host: changed('/proc/mounts', 'h /a hugetlbfs rw,relatime,pagesize=1024M 0 0\nh /b hugetlbfs rw,pagesize=2M 0 0\n'),
    libvirt: LIBVIRT,
    planned: { hugePageBytes: GIB },
  },
  { id: 'libvirt.hugepages', title: 'small pages', libvirt: LIBVIRT },
  { id: 'libvirt.hugepages', title: 'a guest that ghpass starts itself', planned: { hugePageBytes: 512n * MIB } },
  {
    id: 'libvirt.hugepages',
    title: 'mounts that are not known',
    host: changed('/proc/mounts', null),
    libvirt: LIBVIRT,
    planned: { hugePageBytes: 512n * MIB },
    notKnown: '/proc/mounts is not known',
  },
  {
    id: 'start.slow-pin',
    title: '64 GiB in small pages',
    host: smallPages('always madvise [never]'),
    request: { memoryBytes: 64n * GIB },
    says: {
      severity: 'info',
      message:
        '64 GiB are 16777216 pages of 4 KiB to pin one by one, as transparent huge pages are off: that takes minutes',
      remedy: ['echo madvise > /sys/kernel/mm/transparent_hugepage/enabled', 'ghpass … --hugepages auto'],
    },
  },
  {
    id: 'start.slow-pin',
    title: 'a little less than 64 GiB',
    host: smallPages('always madvise [never]'),
    request: { memoryBytes: 64n * GIB - MIB },
  },
  {
    id: 'start.slow-pin',
    title: '64 GiB in transparent huge pages',
    host: smallPages('[always] madvise never'),
    request: { memoryBytes: 64n * GIB },
  },
  {
    id: 'start.slow-pin',
    title: 'a page size that is not known',
    host: openMadeUp(graceHost([hopper()], { kernelConfig: {} })),
    notKnown: 'the page size of the kernel is not known',
  },
  {
    id: 'start.slow-pin',
    title: 'a kernel without transparent huge pages',
    host: changed('/sys/kernel/mm/transparent_hugepage/enabled', null),
    notKnown: 'there is no /sys/kernel/mm/transparent_hugepage',
  },
];

export const PLAN_CASES: readonly PlanCase[] = [...STACK, ...KVM, ...MEMORY, ...START, ...PLACEMENT_CASES];

function changed(path: string, content: string | null): Host {
  return openMadeUp(graceHost([hopper()]), { files: { [path]: content } });
}

function locking(limit: string, capabilities: string, cgroup = '0::/user.slice/session-1.scope\n'): Host {
  const files = {
    '/proc/self/limits': `Max locked memory         ${limit}              unlimited            bytes     \n`,
    '/proc/self/status': `CapEff:\t${capabilities}\n`,
    '/proc/self/cgroup': cgroup,
  };
  return openMadeUp(graceHost([hopper()]), { files });
}

/** Two nodes with memory, and those of the GPUs. */
function sixteenGpus(): NonNullable<PlanOptions['planned']> {
  const gpus = Array.from({ length: 16 }, (_, i) => ({
    address: `0009:${(i + 1).toString(16).padStart(2, '0')}:00.0`,
  }));
  const ofGpus = gpus.flatMap(({ address }) => Array<string>(8).fill(address));
  const nodes = [null, null, ...ofGpus].map((gpu, id) => ({ id, cpus: null, memoryBytes: 0n, hostNode: null, gpu }));
  return { nodes, gpus: gpus as GuestPlan['gpus'] };
}

function smallPages(transparent: string): Host {
  return openMadeUp(graceHost([hopper()], { kernelConfig: { ARM64_4K_PAGES: 'y' } }), {
    files: { '/sys/kernel/mm/transparent_hugepage/enabled': `${transparent}\n` },
  });
}
