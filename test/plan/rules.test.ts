import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { firmwareAavmf } from '../../src/checks/plan/firmware-aavmf.ts';
import { kernelNodesShift } from '../../src/checks/plan/kernel-nodes-shift.ts';
import type { FirmwareFacts } from '../../src/host/firmware.ts';
import { losesTopology } from '../../src/plan/firmware.ts';
import { renderArgv } from '../../src/qemu/argv/argv.ts';
import { blackwell, board, GIB, graceHost, hopper, nodesFor, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import { FILES, planFacts } from '../fixtures/plan.ts';
import { argvFaults } from '../fixtures/plan-rules.ts';

describe('more nodes than the guest’s kernel can hold are a warning with the numbers (rule 6)', () => {
  const config = (shift: number) => new Map([['NODES_SHIFT', `${shift}`]]);
  test.each<[number, number, string | null]>([
    [1, 4, null],
    [2, 4, "the guest has 18 nodes, the guest's kernel holds 16: 2 nodes of a GPU will be lost"],
    [2, 5, null],
    [3, 5, null],
    [4, 5, "the guest has 34 nodes, the guest's kernel holds 32: 2 nodes of a GPU will be lost"],
    [4, 6, null],
  ])('%i GPUs, NODES_SHIFT=%i', async (count, shift, message) => {
    const host = openMadeUp(graceHost(board(count, blackwell, { gpusPerSocket: count < 3 ? 1 : 2 })));
    const findings = assess([kernelNodesShift], await planFacts(host, { guestKernelConfig: config(shift) }));
    expect(findings.map((finding) => finding.message)).toEqual(message === null ? [] : [message]);
  });
});

describe('firmware that is known to lose the topology is refused by name and version (rule 7)', () => {
  const image = (code: string, version: string | null): FirmwareFacts => ({
    code,
    variablesTemplate: '/usr/share/AAVMF/AAVMF_VARS.fd',
    format: 'raw',
    package: version === null ? null : { name: 'qemu-efi-aarch64', version },
  });
  const plan = (...firmware: FirmwareFacts[]) =>
    planFacts(openMadeUp(graceHost([hopper()])), { tools: { ...TOOLS, firmware } });

  test.each<[string | null, boolean]>([
    ['2022.11-6+deb12u2', true],
    ['2020.11-2+deb11u3', true],
    ['1:2022.11-6', true],
    ['20221207gitfff6d81270b5-9.el9', true],
    ['20240524-6.el9', false],
    ['20250221git1b2c3d4e-1.el10', false],
    ['2025.02-8', false],
    ['2026.08-1', false],
    [null, false],
  ])('version %s: %j', (version, loses) => {
    expect(losesTopology(image('/a.fd', version))).toBe(loses);
  });

  test('a good image is taken before a bad one, whatever the order', async () => {
    const facts = await plan(image('/bad.fd', '2022.11-6'), image('/good.fd', '2025.02-8'));
    expect(facts.plan.firmware.code).toBe('/good.fd');
    expect(assess([firmwareAavmf], facts)).toEqual([]);
  });

  test('where there is only a bad one, the plan fails', async () => {
    const facts = await plan(image('/bad.fd', '2022.11-6'));
    expect(assess([firmwareAavmf], facts)).toMatchObject([
      {
        id: 'firmware.aavmf',
        severity: 'fail',
        subject: '/bad.fd',
        message: 'qemu-efi-aarch64 2022.11-6 loses all NUMA nodes of the guest: Linux fakes a single one',
      },
    ]);
  });

  test('where there is none, there is no plan', async () => {
    await expect(plan()).rejects.toThrow(
      expect.objectContaining({
        kind: 'tool',
        code: 'firmware.missing',
        message: 'no UEFI image for aarch64 guests is described in /usr/share/qemu/firmware',
      }),
    );
  });
});

describe('no option ROM, ACPI, the host’s CPU, and no memory of the GPU for the guest (rules 3, 8)', () => {
  /** The GPU's memory is online on the host: a node with memory and without CPUs, and the device says that it is near. */
  const online = () => {
    const gpu = hopper({ numaNode: 1 });
    const nodes = nodesFor([hopper()], 1).map((node, id) => (id === 1 ? { ...node, memoryBytes: 94n * GIB } : node));
    return openMadeUp(graceHost([gpu], { nodes }));
  };
  const hosts = {
    'one GH200': () => openMadeUp(graceHost([hopper()])),
    'two GH200 on two sockets': () => openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 }))),
    'four GB200': () => openMadeUp(graceHost(board(4, blackwell))),
    'a GPU whose memory the host has online': online,
  };

  test.each(Object.entries(hosts))('for %s', async (_title, open) => {
    const { plan, host } = await planFacts(open());
    expect(argvFaults(renderArgv(plan, FILES), host)).toEqual([]);
  });

  const without = (from: string, to: string) => (argv: string[]) => argv.map((word) => word.replace(from, to));
  test.each<[string, (argv: string[]) => string[], string]>([
    [
      'an option ROM',
      without(',rombar=0', ''),
      'with an option ROM: vfio-pci,id=gpu0,host=0009:01:00.0,bus=port0,addr=0x0',
    ],
    ['no ACPI', without('acpi=on', 'acpi=off'), 'acpi is not on'],
    ['another CPU', without('host', 'neoverse-v2'), 'the CPU is neoverse-v2'],
    ['maxmem', without('16G', '16G,maxmem=32G'), 'there is a maxmem'],
    ['memory of the GPU', without('host-nodes=0', 'host-nodes=1'), 'memory is bound to node 1, which has no CPUs'],
    [
      'memory of any node',
      without(',host-nodes=0,policy=bind', ''),
      'memory is bound to no node: memory-backend-ram,id=ram0,size=16G',
    ],
  ])('%s is found out', async (_title, change, fault) => {
    const { plan, host } = await planFacts(online());
    const argv = change(renderArgv(plan, FILES));
    expect(argvFaults(argv, host)).toContain(fault);
  });
});
