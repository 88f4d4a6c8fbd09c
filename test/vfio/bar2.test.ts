import { describe, expect, test } from 'vitest';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import { type Bar2Relation, bar2Lengths, bar2Relations } from '../../src/vfio/bar2.ts';
import { answering, deviceFacts } from '../checks/made-up-hosts.ts';
import { blackwell, GIB, graceHost, hopper, MIB, openMadeUp } from '../fixtures/grace-host.ts';
import { sparse, type WrittenRegion } from '../fixtures/vfio-bytes.ts';

const MEMORY = (189n * GIB) / 2n;
const HOPPER = hopper();
const SHORT = hopper({ bars: [16n * MIB, 64n * GIB, 32n * MIB] });
const RESERVED = { index: 2, sizeBytes: GIB, capabilities: [sparse([0n, GIB])] };
const USABLE = { index: 4, sizeBytes: 128n * GIB, capabilities: [sparse([0n, MEMORY - GIB])] };
const aperture = (sizeBytes: bigint, mappedBytes: bigint) => ({
  index: 2,
  sizeBytes,
  capabilities: [sparse([0n, mappedBytes])],
});

async function gpuOf(gpu: SyntheticGpu, regions: readonly WrittenRegion[], open = true) {
  return (await deviceFacts(openMadeUp(graceHost([gpu]), answering(...regions)), { open })).gpu;
}

describe('the four lengths', () => {
  const lengths = async (...args: Parameters<typeof gpuOf>) => Object.values(bar2Lengths(await gpuOf(...args)));

  test.each<[string, SyntheticGpu, WrittenRegion[], (bigint | null)[]]>([
    ['a carve-out', SHORT, [RESERVED, USABLE], [64n * GIB, GIB, GIB, MEMORY]],
    ['an aperture', HOPPER, [aperture(128n * GIB, MEMORY)], [128n * GIB, 128n * GIB, MEMORY, MEMORY]],
    [
      'a plain BAR',
      HOPPER,
      [{ index: 2, sizeBytes: 128n * GIB }, USABLE],
      [128n * GIB, 128n * GIB, 128n * GIB, MEMORY],
    ],
    [
      'a BAR that cannot be mapped',
      HOPPER,
      [{ index: 2, sizeBytes: 4096n, flags: 0x3 }],
      [128n * GIB, 4096n, 0n, MEMORY],
    ],
    ['an answer without region 2', HOPPER, [], [128n * GIB, null, null, MEMORY]],
  ])('of %s', async (_title, gpu, regions, expected) => {
    expect(await lengths(gpu, regions)).toEqual(expected);
  });

  test('of a device that was not opened are those of the host alone', async () => {
    expect(await lengths(HOPPER, [RESERVED, USABLE], false)).toEqual([128n * GIB, null, null, MEMORY]);
  });
});

describe('the relations of the layout', () => {
  const all = (holds: boolean | null, ...rules: Bar2Relation['rule'][]) => rules.map((rule) => ({ rule, holds }));

  test.each<[string, SyntheticGpu, WrittenRegion[], Bar2Relation[]]>([
    ['carveout', HOPPER, [RESERVED, USABLE], all(true, 'region = pow2(mapped)', 'length >= memory')],
    [
      'carveout, all broken',
      SHORT,
      [{ ...RESERVED, sizeBytes: 2n * GIB }, USABLE],
      all(false, 'region = pow2(mapped)', 'length >= memory'),
    ],
    [
      'whole',
      blackwell(),
      [
        { index: 2, sizeBytes: 256n * GIB },
        { index: 4, sizeBytes: 256n * GIB, capabilities: [sparse([0n, 189471n * MIB])] },
      ],
      all(true, 'region = length', 'length >= memory'),
    ],
    [
      'whole, all broken',
      SHORT,
      [{ index: 2, sizeBytes: GIB }, USABLE],
      all(false, 'region = length', 'length >= memory'),
    ],
    [
      'aperture',
      HOPPER,
      [aperture(128n * GIB, MEMORY)],
      all(true, 'mapped = memory', 'region = pow2(memory)', 'region = length', 'length >= memory'),
    ],
    [
      'aperture, all broken',
      SHORT,
      [aperture(256n * GIB, GIB)],
      all(false, 'mapped = memory', 'region = pow2(memory)', 'region = length', 'length >= memory'),
    ],
    ['pad-bars', HOPPER, [{ index: 2, sizeBytes: MEMORY }], all(true, 'region = memory')],
    ['pad-bars, broken', HOPPER, [{ index: 2, sizeBytes: MEMORY - 4096n }], all(false, 'region = memory')],
    [
      'pad-bars in region 4',
      HOPPER,
      [
        { index: 2, sizeBytes: GIB },
        { index: 4, sizeBytes: MEMORY },
      ],
      [],
    ],
    ['none', HOPPER, [{ index: 2, sizeBytes: 128n * GIB }], all(true, 'region = length', 'length >= memory')],
    ['none, all broken', SHORT, [{ index: 2, sizeBytes: GIB }], all(false, 'region = length', 'length >= memory')],
  ])('%s', async (_title, gpu, regions, expected) => {
    expect(bar2Relations(await gpuOf(gpu, regions))).toEqual(expected);
  });

  test('are not known where the device was not opened, but for the one that needs no answer', async () => {
    expect(bar2Relations(await gpuOf(blackwell(), [], false))).toEqual([
      ...all(null, 'region = length'),
      ...all(true, 'length >= memory'),
    ]);
  });
});
