import { describe, expect, test } from 'vitest';
import { decideLayout, type Layout } from '../../src/vfio/layout.ts';
import { measureMemory } from '../../src/vfio/memory.ts';
import { decodeRegionInfo } from '../../src/vfio/structs.ts';
import { regionBytes, sparse, typed, type WrittenRegion } from '../fixtures/vfio-bytes.ts';

const GIB = 1n << 30n;
const decode = (...regions: WrittenRegion[]) => regions.map((region) => decodeRegionInfo(regionBytes(region)));

const SPARSE_2 = { index: 2, sizeBytes: 2n * GIB, capabilities: [sparse([0n, GIB + 1n])] };
const SPARSE_4 = { index: 4, sizeBytes: 8n * GIB, capabilities: [sparse([0n, 5n * GIB])] };
const PLAIN_2 = { index: 2, sizeBytes: 8n * GIB };
const PLAIN_4 = { index: 4, sizeBytes: 4n * GIB };
const EMPTY = (index: number) => ({ index, sizeBytes: 0n, flags: 0 });
const MSIX = { id: 3 };

describe('the layout', () => {
  test.each<[string, WrittenRegion[], Layout]>([
    ['both regions sparse', [SPARSE_2, SPARSE_4], 'carveout'],
    ['region 4 sparse', [PLAIN_2, SPARSE_4], 'whole'],
    ['region 4 sparse, no region 2', [EMPTY(2), SPARSE_4], 'whole'],
    ['region 2 sparse', [SPARSE_2, PLAIN_4], 'aperture'],
    ['neither sparse', [PLAIN_2, PLAIN_4], 'none'],
    ['neither there', [EMPTY(2), EMPTY(4)], 'none'],
    ['nothing answered', [], 'none'],
    ['MSI-X areas, which set the CAPS flag as well', [{ ...PLAIN_2, capabilities: [MSIX] }, PLAIN_4], 'none'],
    [
      'the CAPS flag and no capability',
      [
        { ...PLAIN_2, flags: 0xf },
        { ...PLAIN_4, flags: 0xf },
      ],
      'none',
    ],
    ['region 2 of 7 GiB', [{ ...PLAIN_2, sizeBytes: 7n * GIB }, PLAIN_4], 'pad-bars'],
    ['region 4 of 7 GiB', [PLAIN_2, { ...PLAIN_4, sizeBytes: 7n * GIB }], 'pad-bars'],
    ['memory of NVLink2', [PLAIN_2, { index: 9, sizeBytes: GIB, capabilities: [typed(0x8000_10de, 1)] }], 'nvlink2'],
    ['ATSD of NVLink2', [PLAIN_2, { index: 10, sizeBytes: 0n, capabilities: [typed(0x8000_1014, 1)] }], 'nvlink2'],
    [
      'a vendor region of another kind',
      [PLAIN_2, { index: 9, sizeBytes: GIB, capabilities: [typed(0x8000_8086, 1)] }],
      'none',
    ],
    [
      'a vendor region of another subtype',
      [PLAIN_2, { index: 9, sizeBytes: GIB, capabilities: [typed(0x8000_10de, 2)] }],
      'none',
    ],
    ['a type on a BAR', [{ ...PLAIN_2, capabilities: [typed(0x8000_10de, 1)] }], 'none'],
  ])('with %s', (_title, regions, layout) => {
    expect(decideLayout(decode(...regions))).toBe(layout);
  });
});

describe('the memory of an opened device', () => {
  const memory = (...regions: WrittenRegion[]) => measureMemory(decode(...regions));
  const usable = { region: 4, sizeBytes: 5n * GIB, barBytes: 8n * GIB };
  const inRegion2 = { region: 2, sizeBytes: GIB + 1n, barBytes: 2n * GIB };

  test.each<[Layout, WrittenRegion[], object | null, object | null]>([
    ['carveout', [SPARSE_2, SPARSE_4], usable, inRegion2],
    ['whole', [PLAIN_2, SPARSE_4], usable, null],
    ['aperture', [SPARSE_2, PLAIN_4], inRegion2, null],
    [
      'pad-bars',
      [{ index: 2, sizeBytes: 7n * GIB }, PLAIN_4],
      { region: 2, sizeBytes: 7n * GIB, barBytes: 8n * GIB },
      null,
    ],
    [
      'pad-bars',
      [PLAIN_2, { index: 4, sizeBytes: 7n * GIB }],
      { region: 4, sizeBytes: 7n * GIB, barBytes: 8n * GIB },
      null,
    ],
    ['none', [PLAIN_2, PLAIN_4], null, null],
  ])('in the layout %s', (layout, regions, expectedUsable, reserved) => {
    expect(memory(...regions)).toEqual({
      origin: 'measured',
      layout,
      usable: expectedUsable,
      reserved,
      bindError: null,
    });
  });
});
