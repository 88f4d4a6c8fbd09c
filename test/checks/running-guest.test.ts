import { expect, test } from 'vitest';
import { assess, examine } from '../../src/checks/check.ts';
import type { RunningGuestFacts } from '../../src/checks/guest/facts.ts';
import { RUNNING_GUEST_CHECKS } from '../../src/checks/guest/index.ts';
import type { GuestPlan } from '../../src/plan/guest-plan.ts';

const GPU = '0009:01:00.0';
const GIB = 1n << 30n;

/** A guest whose driver has put the memory of its GPU online on the GPU's fourth node. */
const HEALTHY: RunningGuestFacts = {
  plan: { name: 'demo' } as GuestPlan,
  driver: { version: '570.124.06', keepsMemory: false, autoOnline: 'online_movable' },
  kernelLog: '6,1,100,-;NVRM: loading NVIDIA UNIX Open Kernel Module\n',
  gpus: [
    {
      address: GPU,
      onlineBytes: 93n * GIB,
      busMaster: true,
      nodes: [{ node: 4, proximityDomain: 3, memoryBytes: 93n * GIB }],
    },
  ],
};
const NOTHING_ONLINE = [{ address: GPU, onlineBytes: 0n, busMaster: true, nodes: [] }];

const driver = (changes: Partial<NonNullable<RunningGuestFacts['driver']>>) => ({
  driver: { version: '570.124.06', keepsMemory: false, autoOnline: 'online_movable', ...changes },
});
const log = (text: string) => ({ kernelLog: `6,1,100,-;first\n4,2,200,-;${text}\n` });

function findings(changes: Partial<RunningGuestFacts> = {}) {
  return assess(RUNNING_GUEST_CHECKS, { ...HEALTHY, ...changes }).map(({ id, severity, subject, message }) => [
    id,
    severity,
    subject,
    message,
  ]);
}

test('a driver that did all of its work: the node is told', () => {
  const message = 'memory of the GPU that is online in the guest: 93 GiB on node 4 (proximity domain 3)';
  expect(findings()).toEqual([['guest.online', 'info', GPU, message]]);
});

test.each<[string, Partial<RunningGuestFacts>]>([
  ['no driver', { driver: null, gpus: NOTHING_ONLINE }],
  ['a driver that keeps the memory', { ...driver({ keepsMemory: true }), gpus: NOTHING_ONLINE }],
])('%s has nothing to put online', (_what, changes) => {
  expect(findings(changes)).toEqual([]);
});

test.each<[id: string, subject: string, message: string, changes: Partial<RunningGuestFacts>]>([
  [
    'guest.nodes-lost',
    'demo',
    'the guest\'s kernel says "ACPI: SRAT: Too many proximity domains.": nodes of a GPU are missing',
    { driver: null, ...log('ACPI: SRAT: Too many proximity domains.') },
  ],
  [
    'guest.gi-missing',
    'demo',
    'the guest\'s kernel says "NVRM: Failed to get NUMA node id for GPU memory": no node belongs to a GPU, which is not started',
    { driver: null, ...log('NVRM: Failed to get NUMA node id for GPU memory') },
  ],
  [
    'guest.bar4',
    'demo',
    'the guest\'s kernel says "NVRM: Failed to get coherent GPU memory base address": BAR4 of a GPU is missing or found no room',
    { driver: null, ...log('NVRM: Failed to get coherent GPU memory base address') },
  ],
  [
    'guest.driver-version',
    'demo',
    "the guest has NVIDIA's driver 535.161.07: generic initiators are read from 550.40.07 on",
    { ...driver({ version: '535.161.07', keepsMemory: true }) },
  ],
  [
    'guest.driver-version',
    'demo',
    "the guest has NVIDIA's driver 570.86.15: it reads PCI addresses in the order in which QEMU 9.0 and 9.1 wrote them, and no newer one",
    { ...driver({ version: '570.86.15', keepsMemory: true }) },
  ],
  [
    'guest.online',
    GPU,
    "NVIDIA's driver is loaded in the guest, and none of the GPU's memory is online; auto_online_blocks is offline",
    { ...driver({ autoOnline: 'offline' }), gpus: NOTHING_ONLINE },
  ],
  [
    'guest.online',
    GPU,
    'NVIDIA\'s driver is loaded in the guest, and none of the GPU\'s memory is online; auto_online_blocks is not known; the kernel says "Memory add failed"',
    {
      ...driver({ autoOnline: null }),
      ...log('NVRM: Memory add failed. base: 0x10000000000'),
      gpus: NOTHING_ONLINE,
    },
  ],
  [
    'guest.online',
    GPU,
    '93 GiB of its memory are online in the guest, and none of that is on its own nodes',
    { gpus: [{ address: GPU, onlineBytes: 93n * GIB, busMaster: true, nodes: [] }] },
  ],
])('%s: %s: %s', (id, subject, message, changes) => {
  expect(findings(changes)).toEqual([[id, 'fail', subject, message]]);
});

test('a GPU that may not access memory by itself is told, once the driver has it', () => {
  const gpus = HEALTHY.gpus.map((gpu) => ({ ...gpu, busMaster: false }));
  const message =
    "NVIDIA's driver is loaded in the guest, and Bus Master of the GPU is off: it reads and writes no memory of the guest, and raises no interrupt";
  expect(findings({ gpus })[0]).toEqual(['guest.busmaster', 'info', GPU, message]);
  expect(findings({ gpus, driver: null })).toEqual([]);
  expect(findings({ gpus: gpus.map((gpu) => ({ ...gpu, busMaster: null })) })).toEqual(findings());
});

test('all of them have a remedy where they fail', () => {
  const failing = { ...HEALTHY, ...driver({ version: '1.2' }), gpus: NOTHING_ONLINE };
  const found = assess(RUNNING_GUEST_CHECKS, failing).filter(({ severity }) => severity === 'fail');
  expect(found.length).toBeGreaterThan(0);
  for (const { remedy } of found) expect(remedy.length).toBeGreaterThan(0);
});

test('what no log and no version tell is not known', () => {
  const unknown = { ...HEALTHY, kernelLog: null, ...driver({ version: null }) };
  expect(
    RUNNING_GUEST_CHECKS.flatMap((check) => {
      const { notKnown } = examine(check, unknown);
      return notKnown === null ? [] : [[check.id, notKnown]];
    }),
  ).toEqual([
    ['guest.nodes-lost', "the guest's kernel log could not be read"],
    ['guest.gi-missing', "the guest's kernel log could not be read"],
    ['guest.bar4', "the guest's kernel log could not be read"],
    ['guest.driver-version', "the guest's driver does not tell its version"],
  ]);
});
