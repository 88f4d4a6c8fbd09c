import { describe, expect, test } from 'vitest';
import type { GuestNode } from '../../src/plan/guest-plan.ts';
import { planNodes, planSockets } from '../../src/plan/nodes.ts';
import type { GpuFacts } from '../../src/vfio/gpu.ts';
import fc from '../fixtures/fast-check.ts';
import { blackwell, board, GIB, graceHost, hopper, MIB, nodesFor, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const gpus = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ pci: { address: `000${i}:01:00.0` } }) as GpuFacts);
const memory = (nodes: GuestNode[]) => nodes.filter(({ gpu }) => gpu === null);

describe('memory and vCPUs', () => {
  test('are shared out over the sockets; the last takes what is left', () => {
    expect(memory(planNodes(gpus(1), [0, 1, 2], { memoryBytes: 16n * GIB, vcpus: 4 }))).toEqual([
      { id: 0, cpus: [0], memoryBytes: 5461n * MIB, hostNode: 0, gpu: null },
      { id: 1, cpus: [1], memoryBytes: 5461n * MIB, hostNode: 1, gpu: null },
      { id: 2, cpus: [2, 3], memoryBytes: 5462n * MIB, hostNode: 2, gpu: null },
    ]);
  });

  test('are in one node that is not bound where the host has no NUMA', () => {
    expect(memory(planNodes(gpus(1), [], { memoryBytes: GIB, vcpus: 2 }))).toEqual([
      { id: 0, cpus: [0, 1], memoryBytes: GIB, hostNode: null, gpu: null },
    ]);
  });

  test('are on as many nodes as there are vCPUs', () => {
    expect(memory(planNodes(gpus(2), [0, 1], { memoryBytes: GIB, vcpus: 1 }))).toHaveLength(1);
  });
});

describe('sockets', () => {
  const sockets = (hostNodes: number[], vcpus: number) =>
    planSockets(vcpus, planNodes(gpus(2), hostNodes, { memoryBytes: 16n * GIB, vcpus }));

  test.each([
    ['one for each node with vCPUs', [0, 1], 8, 2],
    ['one where the vCPUs cannot be shared out evenly, because QEMU wants full sockets', [0, 1], 5, 1],
    ['one where the host has no NUMA', [], 8, 1],
    ['one where there is one vCPU', [0, 1], 1, 1],
  ])('%s', (_, hostNodes, vcpus, expected) => {
    expect(sockets(hostNodes, vcpus)).toBe(expected);
  });
});

test('any plan has dense ids, memory first, eight empty nodes in a row for each GPU, and all memory and vCPUs', () => {
  const guest = fc.record({
    count: fc.integer({ min: 0, max: 8 }),
    sockets: fc.integer({ min: 0, max: 8 }),
    memoryMiB: fc.bigInt({ min: 512n, max: 4n << 20n }),
    vcpus: fc.integer({ min: 1, max: 288 }),
  });
  fc.assert(
    fc.property(guest, ({ count, sockets, memoryMiB, vcpus }) => {
      const hostNodes = Array.from({ length: sockets }, (_, i) => i);
      const nodes = planNodes(gpus(count), hostNodes, { memoryBytes: memoryMiB * MIB, vcpus });
      expect(nodes.map(({ id }) => id)).toEqual(nodes.map((_, i) => i));
      const withMemory = memory(nodes);
      expect(nodes.slice(0, withMemory.length)).toEqual(withMemory);
      expect(withMemory.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0n)).toBe(memoryMiB * MIB);
      expect(withMemory.flatMap(({ cpus }) => cpus ?? [])).toEqual(Array.from({ length: vcpus }, (_, i) => i));
      expect(withMemory.every(({ cpus }) => cpus !== null && cpus.length > 0)).toBe(true);
      expect(withMemory.every(({ memoryBytes }) => memoryBytes > 0n)).toBe(true);
      for (const [i, gpu] of gpus(count).entries()) {
        const own = nodes.filter((node) => node.gpu === gpu.pci.address);
        expect(own.map(({ id }) => id)).toEqual(Array.from({ length: 8 }, (_, k) => withMemory.length + 8 * i + k));
        expect(own.every(({ cpus, memoryBytes }) => cpus === null && memoryBytes === 0n)).toBe(true);
      }
    }),
  );
});

describe('a plan', () => {
  test('puts each GPU near the node that its socket became', async () => {
    const { plan } = await planFacts(openMadeUp(graceHost(board(4, blackwell))));
    expect(
      plan.gpus.map(({ id, guestNode, guestAddress, expanderBus }) => [id, guestNode, guestAddress, expanderBus]),
    ).toEqual([
      ['gpu0', 0, '0000:41:00.0', 0x40],
      ['gpu1', 0, '0000:49:00.0', 0x48],
      ['gpu2', 1, '0000:51:00.0', 0x50],
      ['gpu3', 1, '0000:59:00.0', 0x58],
    ]);
  });

  test('is near the socket of a GPU that the kernel puts on the node of its own memory', async () => {
    const gpus = board(2, hopper, { gpusPerSocket: 1 });
    const nodes = nodesFor(gpus, 2).map((node, id) =>
      id === 2 || id === 10 ? { ...node, memoryBytes: 94n * GIB } : node,
    );
    const onOwnMemory = gpus.map((gpu, i) => ({ ...gpu, numaNode: 2 + 8 * i }));
    const host = openMadeUp(graceHost(onOwnMemory, { nodes }));
    const { plan } = await planFacts(host);
    expect(memory(plan.nodes).map(({ hostNode }) => hostNode)).toEqual([0, 1]);
    expect(plan.gpus.map(({ guestNode }) => guestNode)).toEqual([0, 1]);
    const second = await planFacts(host, { addresses: ['0019:01:00.0'] });
    expect(memory(second.plan.nodes)).toMatchObject([{ id: 0, hostNode: 1 }]);
  });

  test('takes memory from the sockets of its GPUs only', async () => {
    const host = openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 })));
    const { plan } = await planFacts(host, { addresses: ['0019:01:00.0'] });
    expect(memory(plan.nodes)).toMatchObject([{ id: 0, hostNode: 1 }]);
  });

  test.each<[string, object]>([
    ['no coherent memory', { regions: [], memory: { base: 0n, sizeBytes: 0n } }],
    ['memory that is not known', { driver: 'nvidia', memory: { base: 1n, sizeBytes: GIB } }],
  ])('is not possible for a GPU with %s', async (_title, gpu) => {
    await expect(planFacts(openMadeUp(graceHost([hopper(gpu)])))).rejects.toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'gpu.memory-unknown',
        message: '0009:01:00.0: no coherent memory is known of, so no guest can be planned',
        suggestions: ['ghpass probe 0009:01:00.0'],
      }),
    );
  });

  test('is the same for the same input', async () => {
    const plan = async () => (await planFacts(openMadeUp(graceHost(board(4, blackwell))))).plan;
    expect(await plan()).toEqual(await plan());
  });

  test.each<[string, string, object, boolean]>([
    ['the kernel maps device memory', '6.19.0', {}, true],
    ['the kernel does not', '6.18.9', {}, false],
    ['the kernel is not known', '', {}, false],
    ['the group is asked for', '6.19.0', { request: { iommufd: false } }, false],
    ['iommufd is asked for', '6.17.0', { request: { iommufd: true } }, true],
  ])('uses iommufd where %s', async (_title, release, options, iommufd) => {
    const { plan } = await planFacts(openMadeUp(graceHost([hopper()], { release })), options);
    expect(plan.iommufd).toBe(iommufd);
  });
});
