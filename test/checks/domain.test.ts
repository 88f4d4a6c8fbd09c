import { beforeAll, describe, expect, test } from 'vitest';
import { assess, examine } from '../../src/checks/check.ts';
import type { DomainPlan } from '../../src/checks/domain/facts.ts';
import { DOMAIN_CHECKS } from '../../src/checks/domain/index.ts';
import type { DomainFacts } from '../../src/plan/domain-facts.ts';
import { ADDRESS, GIB, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const DOMAIN: DomainFacts = {
  name: 'demo',
  uuid: '6a1f1b0e-0d43-4c55-9d3c-2f1a4e6b7c80',
  type: 'kvm',
  arch: 'aarch64',
  machine: 'virt-10.0',
  acpi: true,
  uefi: true,
  firmwareImage: null,
  gicVersion: '3',
  cpuMode: 'host-passthrough',
  memoryBytes: 64n * GIB,
  vcpus: 16,
  cells: [{ id: 0, cpus: [0, 1], memoryBytes: 64n * GIB, hostNode: 0 }],
  maxMemoryBytes: null,
  memoryHostNodes: [0],
  windowBytes: null,
  expanderBuses: [],
  hostdevs: [{ address: '0002:01:00.0', by: 'devices/hostdev[1]' }],
  iommus: [],
  qemuArguments: [],
  consoleLog: null,
  gpus: [],
  managed: false,
};

let facts: DomainPlan;
beforeAll(async () => {
  const { plan, host } = await planFacts(openMadeUp(graceHost([hopper()])));
  facts = { domain: DOMAIN, plan, numa: host.numa };
});

const edit = (what: string) => [`virsh edit demo   # ${what}`];

/** What is different about a domain, and what is said of it. */
const CASES: readonly [id: string, change: Partial<DomainFacts>, message: string, remedy: readonly string[]][] = [
  [
    'domain.machine',
    { arch: 'x86_64', machine: 'pc-q35-9.2' },
    'it is a kvm guest of x86_64 on pc-q35-9.2; the GPUs need kvm, aarch64 and virt',
    ["create a guest with <type arch='aarch64' machine='virt'>hvm</type>"],
  ],
  [
    'domain.acpi-off',
    { acpi: false },
    'features/acpi is missing, so the guest would see none of the nodes that the GPUs need',
    edit('add <acpi/> to <features>'),
  ],
  [
    'domain.uefi-missing',
    { uefi: false },
    'it names no UEFI firmware; without that no ACPI table reaches the guest, and it sees none of the nodes',
    edit("<os firmware='efi'>"),
  ],
  ['domain.gic', { gicVersion: '2' }, 'features/gic has version 2; the GPUs need 3', edit("<gic version='3'/>")],
  [
    'domain.gic',
    { type: 'qemu', gicVersion: null },
    'features/gic has version 2, which libvirt takes without KVM; the GPUs need 3',
    edit("<gic version='3'/>"),
  ],
  [
    'domain.cpu-mode',
    { cpuMode: 'custom' },
    'cpu/@mode is custom; with KVM the guest of a Grace GPU needs host-passthrough',
    edit("<cpu mode='host-passthrough'>"),
  ],
  [
    'domain.memory-hotplug',
    { maxMemoryBytes: 128n * GIB },
    `maxMemory is 128 GiB; QEMU would give the room above 64 GiB to node 8, which is a node of ${ADDRESS} and has to be empty`,
    edit('take out <maxMemory> and memory devices'),
  ],
  [
    'domain.gpu-present',
    { hostdevs: [...DOMAIN.hostdevs, { address: ADDRESS, by: 'devices/hostdev[2], alias ua-own' }] },
    `${ADDRESS} is passed through already by devices/hostdev[2], alias ua-own, without nodes of ghpass; the plan has it on a root port of its own, with nodes 1-8`,
    edit('take out devices/hostdev[2], alias ua-own'),
  ],
  [
    'domain.qemu-arguments',
    { qemuArguments: ['-numa node,nodeid=1'] },
    'qemu:commandline has -numa node,nodeid=1, which ghpass has to write itself',
    edit('take out that pair of <qemu:arg>'),
  ],
  [
    'domain.cells',
    { cells: [...DOMAIN.cells, { id: 1, cpus: [], memoryBytes: 0n, hostNode: null }] },
    'cell 1 has 0 B; nodes of GPUs come behind cells 0 to n that all have memory',
    edit('number the cells from 0, and take out those without memory'),
  ],
  [
    'domain.memory-nodes',
    { memoryHostNodes: [0, 1] },
    'numatune names host node 1, which has no CPUs or is not there; those with CPUs are 0',
    ['virsh numatune demo --nodeset 0 --config'],
  ],
  [
    'domain.iommu',
    { iommus: [{ model: 'smmuv3', accel: false }] },
    'it has an emulated smmuv3 IOMMU for the whole machine; QEMU refuses VFIO devices behind it',
    edit("take out <iommu model='smmuv3'>"),
  ],
  [
    'mmio.value',
    { windowBytes: 3072n * GIB },
    'pcihole64 is 3 TiB, more than the 1 TiB that the GPUs need, and no power of two: QEMU would not start',
    edit('take out <pcihole64>'),
  ],
];

test('of a domain that GPUs fit in with, nothing has to be said', () => {
  expect(assess(DOMAIN_CHECKS, facts)).toEqual([]);
});

describe('a conflict has its two sides named', () => {
  test.each(CASES)('%s', (id, change, message, remedy) => {
    const found = assess(DOMAIN_CHECKS, { ...facts, domain: { ...DOMAIN, ...change } });
    expect(found).toEqual([
      { id, severity: 'fail', subject: 'demo', message, remedy, reference: expect.stringMatching(/^\S.*[^.]$/) },
    ]);
  });

  test('every check has a case', () => {
    expect(DOMAIN_CHECKS.map(({ id }) => id).filter((id) => !CASES.some(([of]) => of === id))).toEqual([]);
  });
});

test.each([768n, 2048n])('a window of %d GiB is made larger, or stays', (gib) => {
  expect(assess(DOMAIN_CHECKS, { ...facts, domain: { ...DOMAIN, windowBytes: gib * GIB } })).toEqual([]);
});

test('host nodes that are not known cannot be held against those of the domain', () => {
  const check = DOMAIN_CHECKS.find(({ id }) => id === 'domain.memory-nodes');
  expect(check && examine(check, { ...facts, numa: null })).toEqual({
    findings: [],
    notKnown: 'the host shows no NUMA nodes',
  });
});
