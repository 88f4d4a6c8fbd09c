import { describe, expect, test } from 'vitest';
import { collectGpus } from '../../src/vfio/collect.ts';
import type { GpuFacts } from '../../src/vfio/gpu.ts';
import { memoryAreas, memoryArguments, memoryDeadlineMs } from '../../src/vfio/memory-validation.ts';
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
  expect(memoryArguments('0009:01:00.0', 'full', [USABLE, RESERVED], 72)).toEqual([
    'memory',
    '0009:01:00.0',
    'full',
    '--area',
    '4:0:100394860544:cached',
    '--area',
    '2:0:1073741824:combined',
    '--threads',
    '72',
  ]);
});

test('the deadline grows with what is to be moved', () => {
  const areas = [USABLE, RESERVED];
  expect(memoryDeadlineMs('quick', areas)).toBe(300_000);
  expect(memoryDeadlineMs('scrub', areas)).toBe(300_000 + (94.5 * 1024 * 2 * 1000) / 64);
  expect(memoryDeadlineMs('full', areas)).toBe(300_000 + (94.5 * 1024 * 4 * 1000) / 64);
});
