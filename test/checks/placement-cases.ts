import { GRACE_KERNEL_CONFIG } from '../../src/host/builtin/gh200.ts';
import { ACCELERATED_SMMU } from '../../src/host/programs/smmu-properties.ts';
import { DEFAULT_PLACEMENT } from '../../src/plan/request.ts';
import { board, GIB, graceHost, hopper, MIB, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import { hugePages, KIB_OF_512M } from '../fixtures/huge-pages.ts';
import type { PlanCase } from './plan-cases.ts';

const IN_512M = { placement: { ...DEFAULT_PLACEMENT, hugePages: 512n * MIB } };
const PINNED = { ...DEFAULT_PLACEMENT, pin: true };

const one = (files: Record<string, string | null>) => openMadeUp(graceHost([hopper()]), { files });
const two = (files: Record<string, string | null> = {}) =>
  openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 })), { files });
const withoutNuma = () =>
  openMadeUp(graceHost([hopper()], { nodes: [] }), { files: { '/proc/self/status': 'Cpus_allowed_list:\t0-7\n' } });

const HUGE_PAGES: PlanCase[] = [
  {
    id: 'mem.hugepages-free',
    title: 'too few, because another guest has some',
    host: one(hugePages(0, KIB_OF_512M, 40, 20)),
    request: IN_512M,
    says: {
      severity: 'fail',
      message: 'the guest wants 32 huge pages of 512 MiB on node 0; 20 of 40 are free there',
      remedy: [
        'echo 52 > /sys/devices/system/node/node0/hugepages/hugepages-524288kB/nr_hugepages',
        'boot with hugepagesz=524288K hugepages=0:52   # where the kernel does not find as many',
      ],
    },
  },
  {
    id: 'mem.hugepages-free',
    title: 'enough in all, on the wrong node',
    host: two({ ...hugePages(0, KIB_OF_512M, 32, 32), ...hugePages(1, KIB_OF_512M, 4, 4) }),
    request: IN_512M,
    says: {
      severity: 'fail',
      message: 'the guest wants 16 huge pages of 512 MiB on node 1; 4 of 4 are free there, and 32 on node 0',
      remedy: [
        'echo 16 > /sys/devices/system/node/node1/hugepages/hugepages-524288kB/nr_hugepages',
        'boot with hugepagesz=524288K hugepages=1:16   # where the kernel does not find as many',
      ],
    },
  },
  {
    id: 'mem.hugepages-free',
    title: 'more than a node can have',
    host: one(hugePages(0, KIB_OF_512M, 100, 50)),
    request: { ...IN_512M, memoryBytes: 450n * GIB },
    says: {
      severity: 'fail',
      message: 'the guest wants 900 huge pages of 512 MiB on node 0; 50 of 100 are free there',
      remedy: ['give the guest less memory: node 0 can have 912 such pages, 50 of which are in use'],
    },
  },
  {
    id: 'mem.hugepages-free',
    title: 'just enough',
    host: two({ ...hugePages(0, KIB_OF_512M, 16, 16), ...hugePages(1, KIB_OF_512M, 16, 16) }),
    request: IN_512M,
  },
  {
    id: 'mem.hugepages-free',
    title: 'a host without NUMA',
    host: withoutNuma(),
    request: IN_512M,
    notKnown: 'no NUMA node shows its huge pages',
  },
  {
    id: 'mem.available',
    title: 'a host whose memory is reserved for huge pages',
    host: one({ '/proc/meminfo': 'MemAvailable: 1024 kB\n', ...hugePages(0, KIB_OF_512M, 900, 900) }),
    request: IN_512M,
  },
  {
    id: 'start.slow-pin',
    title: 'memory in huge pages',
    host: one({ '/sys/kernel/mm/transparent_hugepage/enabled': 'always madvise [never]\n' }),
    request: { ...IN_512M, memoryBytes: 2048n * GIB },
  },
];

const CPUS: PlanCase[] = [
  {
    id: 'cpu.overcommit',
    title: 'more vCPUs than the socket has CPUs',
    request: { vcpus: 100 },
    says: {
      severity: 'warn',
      message: '100 vCPUs have their memory on node 0, which has 72 CPUs: some run far from it',
      remedy: ['--vcpus 72'],
    },
  },
  {
    id: 'cpu.overcommit',
    title: 'more vCPUs than CPUs that they are pinned to, on one of two sockets',
    host: two({ '/sys/devices/system/cpu/isolated': '74-143\n' }),
    request: { vcpus: 8, placement: PINNED },
    says: {
      severity: 'warn',
      message: '4 vCPUs have their memory on node 1, which has 2 CPUs to pin them to: they wait for each other',
      remedy: ['--vcpus 4'],
    },
  },
  { id: 'cpu.overcommit', title: 'as many vCPUs as CPUs', host: two(), request: { vcpus: 144, placement: PINNED } },
  {
    id: 'cpu.overcommit',
    title: 'a host without NUMA',
    host: withoutNuma(),
    notKnown: 'the kernel shows no NUMA nodes',
  },
  {
    id: 'cpu.set-aside',
    title: 'isolated CPUs of the socket',
    host: two({ '/sys/devices/system/cpu/isolated': '64-71\n', '/sys/devices/system/cpu/nohz_full': '70-75\n' }),
    request: { placement: PINNED },
    says: {
      severity: 'info',
      message:
        'the guest is not pinned to CPUs 64-75: isolcpus or nohz_full sets them aside, and the kernel would not spread vCPUs over them',
    },
  },
  {
    id: 'cpu.set-aside',
    title: 'a ghpass that may not use all CPUs',
    host: one({ '/proc/self/status': 'CapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-15,72-143\n' }),
    request: { placement: PINNED },
    says: {
      severity: 'info',
      message:
        'the guest is not pinned to CPUs 16-71: ghpass, which starts the guest, may not use them: its cpuset or affinity has others',
    },
  },
  {
    id: 'cpu.set-aside',
    title: 'isolated CPUs that a guest without pins may use',
    host: one({ '/sys/devices/system/cpu/isolated': '64-71\n' }),
  },
  {
    id: 'cpu.set-aside',
    title: 'isolated CPUs of another socket',
    host: two({ '/sys/devices/system/cpu/isolated': '72-143\n' }),
    addresses: ['0009:01:00.0'],
    request: { placement: PINNED },
  },
  {
    id: 'cpu.set-aside',
    title: 'a host without NUMA',
    host: withoutNuma(),
    request: { placement: PINNED },
    notKnown: 'the kernel shows no NUMA nodes',
  },
];

const NESTING = { ...GRACE_KERNEL_CONFIG, ARM_SMMU_V3_IOMMUFD: 'y' };
const nesting = (changes: Parameters<typeof openMadeUp>[1] = {}, kernelConfig = NESTING) =>
  openMadeUp(graceHost([hopper()], { release: '6.19.0', kernelConfig }), changes);
const WITH_SMMU = { placement: { ...DEFAULT_PLACEMENT, smmu: 'on' as const } };

const SMMU: PlanCase[] = [
  {
    id: 'stack.smmu',
    title: 'an SMMU of which only the kernel knows what it can do',
    host: nesting(),
    request: WITH_SMMU,
    says: {
      severity: 'warn',
      message:
        "the guest's SMMUv3 needs an SMMU that translates in two stages and keeps guests from bypassing the caches (its IDR registers, of which the kernel tells only who has the device in iommufd: IOMMU_GET_HW_INFO), which ghpass cannot see: without it QEMU does not start the guest",
      remedy: ['dmesg | grep arm-smmu-v3   # "ias", "oas", and its features', 'ghpass … --smmu off'],
    },
  },
  { id: 'stack.smmu', title: 'a guest without an SMMU', host: nesting() },
  {
    id: 'vcmdq.memory',
    title: 'memory in ordinary pages',
    host: nesting(),
    request: WITH_SMMU,
    says: {
      severity: 'info',
      message:
        "the guest's SMMUv3 gets no command queues of the hardware: they want contiguous memory, and the guest's is made of pages of 64 KiB",
      remedy: ['ghpass … --hugepages auto'],
    },
  },
  {
    id: 'vcmdq.memory',
    title: 'memory in ordinary pages of a size that is not known',
    host: nesting({ files: { '/boot/config-6.19.0': null } }),
    request: WITH_SMMU,
    says: {
      severity: 'info',
      message:
        "the guest's SMMUv3 gets no command queues of the hardware: they want contiguous memory, and the guest's is made of ordinary pages",
      remedy: ['ghpass … --hugepages auto'],
    },
  },
  {
    id: 'vcmdq.memory',
    title: 'memory in huge pages',
    host: nesting(),
    request: { placement: { ...WITH_SMMU.placement, hugePages: 512n * MIB } },
  },
  {
    id: 'vcmdq.memory',
    title: 'a QEMU that knows of no command queues',
    host: nesting(),
    request: WITH_SMMU,
    tools: { ...TOOLS, qemu: TOOLS.qemu && { ...TOOLS.qemu, smmuProperties: [...ACCELERATED_SMMU] } },
  },
];

export const PLACEMENT_CASES: readonly PlanCase[] = [...HUGE_PAGES, ...CPUS, ...SMMU];
