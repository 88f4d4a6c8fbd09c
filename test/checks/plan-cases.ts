import type { Observation } from '../../src/checks/check.ts';
import type { Host } from '../../src/host/host.ts';
import type { ToolFacts } from '../../src/host/tools.ts';
import { blackwell, board, GIB, graceHost, hopper, MIB, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import type { PlanOptions } from '../fixtures/plan.ts';

/** A host, what is planned on it, and what a check says of the plan: nothing, where there is no message. */
export interface PlanCase extends PlanOptions {
  id: string;
  title: string;
  host?: Host;
  says?: Omit<Observation, 'subject'> & { severity: 'fail' | 'warn' | 'info'; subject?: string };
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
  { id: 'qemu.gi-bdf', title: 'QEMU 9.2', tools: qemu([9, 2, 0]) },
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
  { id: 'kernel.cacheable-pfnmap', title: 'KVM that was not asked', tools: kvm({ cacheablePfnmap: null }) },
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
  { id: 'mem.available', title: 'a host that does not tell', host: memory(16n * GIB, null) },
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

export const PLAN_CASES: readonly PlanCase[] = [...STACK, ...KVM, ...MEMORY];
