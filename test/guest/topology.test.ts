import { describe, expect, test } from 'vitest';
import { parsePlanFile } from '../../src/guest/plan-file.ts';
import { collectTopology } from '../../src/guest/topology.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { openHost } from '../../src/host/open.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
import type { GuestPlan } from '../../src/plan/guest-plan.ts';
import { jsonReady } from '../../src/ui/json-ready.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';

const GIB = 1n << 30n;
const EMPTY = capturedHost('snapshot', 'empty', memoryFiles({ files: {}, links: {} }));

async function planOf(name: string): Promise<GuestPlan> {
  return (await planFacts(await openHost(`builtin:${name}`))).plan;
}

/** As `create-vm --dry-run --emit plan` prints it. */
function printed(plan: object): string {
  return JSON.stringify(jsonReady(plan));
}

describe('a plan in a file', () => {
  test('is drawn with its host where that has the GPUs, as the plan that was made there', async () => {
    const plan = await planOf('gh200-nvl2');
    const host = await openHost('builtin:gh200-nvl2');
    const meant = { kind: 'file', name: 'plan.json', content: printed(plan) } as const;
    const { host: drawn, guest } = await collectTopology(host, [], { open: true, meant });
    expect(drawn?.sockets.map(({ id, nodes }) => [id, nodes.map(({ gpus }) => gpus.length)])).toEqual([
      [0, [1]],
      [1, [1]],
    ]);
    expect(guest?.window).toEqual({ sizeBytes: plan.machine.windowBytes, gpuBytes: 1024n * GIB });
    expect(guest?.nodes.map(({ hostNode, gpus }) => [hostNode, gpus.map(({ nodes }) => nodes)])).toEqual([
      [0, [[2, 3, 4, 5, 6, 7, 8, 9]]],
      [1, [[10, 11, 12, 13, 14, 15, 16, 17]]],
    ]);
    expect(guest?.nodes[0]?.gpus[0]?.bars).toEqual([
      { index: 0, sizeBytes: 16n << 20n, parts: [{ what: 'device', sizeBytes: 16n << 20n }] },
      { index: 2, sizeBytes: GIB, parts: [{ what: 'reserved', sizeBytes: GIB }] },
      {
        index: 4,
        sizeBytes: 256n * GIB,
        parts: [
          { what: 'usable', sizeBytes: 140n * GIB },
          { what: 'padding', sizeBytes: 116n * GIB },
        ],
      },
    ]);
  });

  test('is the document or the plan alone, and needs no host with its GPUs', async () => {
    const plan = await planOf('gh200');
    const document = JSON.stringify({ schemaVersion: 1, command: 'create-vm', result: { plan: jsonReady(plan) } });
    const other = await openHost('builtin:gh200-nvl2');
    const drawn = await Promise.all(
      [
        { host: EMPTY, content: document },
        { host: EMPTY, content: printed(plan) },
        {
          host: other,
          content: printed({ ...plan, gpus: plan.gpus.map((gpu) => ({ ...gpu, address: '0029:01:00.0' })) }),
        },
      ].map(({ host, content }) =>
        collectTopology(host, [], { open: true, meant: { kind: 'file', name: '-', content } }),
      ),
    );
    for (const { host, guest } of drawn) {
      expect(host).toBeNull();
      // What is in a BAR follows from the GPU, and not from the plan.
      expect(guest?.nodes[0]?.gpus[0]?.bars).toEqual([
        { index: 0, sizeBytes: 16n << 20n, parts: [] },
        { index: 2, sizeBytes: GIB, parts: [] },
        { index: 4, sizeBytes: 128n * GIB, parts: [] },
      ]);
    }
  });

  test.each<[string, (plan: GuestPlan) => unknown]>([
    ['is no JSON', () => undefined],
    ['is something else', () => ({ result: { gpus: [] } })],
    ['has a size that is no integer', (plan) => ({ ...plan, memoryBytes: '16G' })],
    ['has a device that is no PCI address', (plan) => ({ ...plan, gpus: [{ ...plan.gpus[0], address: '../../etc' }] })],
    ['has more CPUs than there are', (plan) => ({ ...plan, nodes: [{ ...plan.nodes[0], cpus: [0, 2 ** 40] }] })],
  ])('that %s is refused', async (_what, change) => {
    const content = JSON.stringify(jsonReady(change(await planOf('gh200')))) ?? 'no JSON';
    expect(() => parsePlanFile('plan.json', content)).toThrow(
      expect.objectContaining({ code: 'plan-file.invalid', message: '--plan-file plan.json: no plan of ghpass' }),
    );
  });
});

test('a GPU that is near to no known CPUs is drawn all the same', async () => {
  const host = openMadeUp(graceHost([hopper({ numaNode: -1 })]));
  const { host: drawn } = await collectTopology(host, [], { open: true, meant: { kind: 'none' } });
  expect(drawn?.unplaced.map(({ address }) => address)).toEqual(['0009:01:00.0']);
  expect(drawn?.sockets.flatMap(({ nodes }) => nodes.flatMap(({ gpus }) => gpus))).toEqual([]);
});

test('a plain guest that cannot be planned is refused as create-vm refuses it', async () => {
  const host = await openHost('builtin:broken-no-dsd');
  await expect(collectTopology(host, [], { open: true, meant: { kind: 'plain' } })).rejects.toMatchObject({
    code: 'gpu.memory-unknown',
  });
});
