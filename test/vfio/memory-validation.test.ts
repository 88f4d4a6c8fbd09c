import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { readOwnCpus } from '../../src/host/numa/own-cpus.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import type { GpuFacts } from '../../src/vfio/gpu.ts';
import { memoryAreas, memoryArguments, memoryCrew, memoryDeadlineMs } from '../../src/vfio/memory-validation.ts';
import { blackwell, GIB, graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';

async function gpuOf(...[gpu, open = true]: [ReturnType<typeof hopper>, boolean?]): Promise<GpuFacts> {
  const { gpus } = await collectGpus(openMadeUp(graceHost([gpu])), [], { open });
  const [facts] = gpus;
  if (!facts) throw new Error('the host has no GPU');
  return facts;
}

const USABLE = { region: 4, offsetBytes: 0n, sizeBytes: (187n * GIB) / 2n, mapping: 'cached' } as const;
const RESERVED = { region: 2, offsetBytes: 0n, sizeBytes: GIB, mapping: 'combined' } as const;

describe('the areas', () => {
  test('of a carved-out GPU: the usable memory is cached, the reserved memory write-combined', async () => {
    expect(memoryAreas(await gpuOf(hopper()))).toEqual([USABLE, RESERVED]);
  });

  test('of a GPU whose memory is in one region: its physical BAR2 is none of them', async () => {
    const whole = { region: 4, offsetBytes: 0n, sizeBytes: 189471n * MIB, mapping: 'cached' };
    expect(memoryAreas(await gpuOf(blackwell()))).toEqual([whole]);
  });

  test('are none where the device was not opened: predicted sizes are not written to', async () => {
    expect(memoryAreas(await gpuOf(hopper(), false))).toEqual([]);
  });

  test('are those of the sparse list, not of the region', async () => {
    const gpu = await gpuOf(hopper());
    const sparseAreas = [
      { offsetBytes: 0n, sizeBytes: GIB },
      { offsetBytes: 2n * GIB, sizeBytes: GIB },
    ];
    const regions = gpu.regions.map((region) => (region.index === 4 ? { ...region, sparseAreas } : region));
    expect(memoryAreas({ ...gpu, regions }).slice(0, 2)).toEqual([
      { ...USABLE, sizeBytes: GIB },
      { ...USABLE, offsetBytes: 2n * GIB, sizeBytes: GIB },
    ]);
  });
});

test('the arguments of the helper', () => {
  expect(memoryArguments('0009:01:00.0', 'full', [USABLE, RESERVED], { cpus: [0, 1, 2, 3, 8], threads: 5 })).toEqual([
    'memory',
    '0009:01:00.0',
    'full',
    '--area',
    '4:0:100394860544:cached',
    '--area',
    '2:0:1073741824:combined',
    '--threads',
    '5',
    '--cpus',
    '0-3,8',
  ]);
  expect(memoryArguments('0009:01:00.0', 'quick', [USABLE], { cpus: null, threads: 72 }).slice(-2)).toEqual([
    '--threads',
    '72',
  ]);
});

describe('the threads', () => {
  const node = (id: number, cpus: number[]) => ({ id, cpus, memoryBytes: null, freeBytes: null, distances: [10, 80] });
  const numa = { possible: [0, 1], withGenericInitiator: [], nodes: [node(0, [0, 1, 2]), node(1, [3, 4, 5])] };
  const on = async (numaNode: number | null) => {
    const { pci } = await gpuOf(hopper());
    return { pci: { ...pci, numaNode } };
  };
  const all = [0, 1, 2, 3, 4, 5];

  test('are as many as the node of the GPU has CPUs, and run on these', async () => {
    expect(memoryCrew(await on(1), numa, all, 6)).toEqual({ cpus: [3, 4, 5], threads: 3 });
  });

  test('leave out the CPUs that ghpass itself may not use', async () => {
    expect(memoryCrew(await on(0), numa, [1, 2, 3], 3)).toEqual({ cpus: [1, 2], threads: 2 });
  });

  test.each([
    ['of the GPU has no node', null, numa, all],
    ['of the GPU has no CPUs', 2, numa, all],
    ['of the host is not known', 0, null, all],
    ['of the GPU has no CPU that ghpass may use', 0, numa, [5]],
    ['of ghpass is not known', 0, numa, null],
  ])('run anywhere where the place %s', async (_what, numaNode, known, own) => {
    expect(memoryCrew(await on(numaNode), known, own, 300)).toEqual({ cpus: null, threads: 256 });
  });
});

test('the CPUs of ghpass itself', () => {
  const ownCpus = (status: string) => readOwnCpus(memoryFiles({ files: { '/proc/self/status': status }, links: {} }));
  expect(ownCpus('Cpus_allowed:\tff\nCpus_allowed_list:\t0-2,7\nMems_allowed_list:\t0\n')).toEqual([0, 1, 2, 7]);
  expect(ownCpus('Name:\tcat\n')).toBeNull();
});

test('the deadline grows with what is to be moved', () => {
  const areas = [USABLE, RESERVED];
  expect(memoryDeadlineMs('quick', areas)).toBe(300_000);
  expect(memoryDeadlineMs('scrub', areas)).toBe(300_000 + (94.5 * 1024 * 2 * 1000) / 64);
  expect(memoryDeadlineMs('full', areas)).toBe(300_000 + (94.5 * 1024 * 4 * 1000) / 64);
});
