import { describe, expect, test } from 'vitest';
import { driverArithmetic, looksAtDvsec } from '../../src/vfio/arithmetic.ts';
import { isPowerOfTwo } from '../../src/vfio/bytes.ts';
import fc from '../fixtures/fast-check.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** Mappable bytes and length of the BAR, as `len / size`. */
type Pair = readonly [bigint, bigint];

/** Memory → region 4 and region 2 of the carve-out, then region 4 of the layout `whole`. Both orders of rounding, newer first. */
const SAMPLES: readonly [string, bigint, Pair, Pair, Pair, Pair][] = [
  [
    '2.5 GiB',
    0xa000_0000n,
    [0x6000_0000n, 0x8000_0000n],
    [0x6000_0000n, 0x8000_0000n],
    [GIB, GIB],
    [0xa000_0000n, 4n * GIB],
  ],
  ['0x9F123000', 0x9f12_3000n, [GIB, 2n * GIB], [GIB, GIB], [0x5f12_3000n, 2n * GIB], [0x9f12_3000n, 4n * GIB]],
  [
    '94.5 GiB',
    0x17_a000_0000n,
    [(187n * GIB) / 2n, 128n * GIB],
    [(187n * GIB) / 2n, 128n * GIB],
    [GIB, GIB],
    [0x17_a000_0000n, 128n * GIB],
  ],
  [
    '65.25 GiB',
    (261n * GIB) / 4n,
    [64n * GIB, 128n * GIB],
    [64n * GIB, 64n * GIB],
    [(5n * GIB) / 4n, 2n * GIB],
    [(261n * GIB) / 4n, 128n * GIB],
  ],
  ['141 GiB', 141n * GIB, [140n * GIB, 256n * GIB], [140n * GIB, 256n * GIB], [GIB, GIB], [141n * GIB, 256n * GIB]],
  [
    '189471 MiB',
    189471n * MIB,
    [184n * GIB, 256n * GIB],
    [184n * GIB, 256n * GIB],
    [1055n * MIB, 2n * GIB],
    [189471n * MIB, 256n * GIB],
  ],
  [
    '1.5 GiB, the least there is',
    (3n * GIB) / 2n,
    [512n * MIB, 512n * MIB],
    [512n * MIB, 512n * MIB],
    [GIB, GIB],
    [(3n * GIB) / 2n, 2n * GIB],
  ],
];

describe.each(SAMPLES)('%s of memory', (_title, lengthBytes, newer, older, reserved, whole) => {
  const region = (index: 2 | 4, [sizeBytes, barBytes]: Pair) => ({ region: index, sizeBytes, barBytes });

  test('carved out by Linux 6.14, and by 6.12.16', () => {
    expect(driverArithmetic({ lengthBytes, carveOut: true, barBeforeRounding: true })).toEqual({
      usable: region(4, newer),
      reserved: region(2, reserved),
    });
  });

  test('carved out by Linux 6.9 to 6.13', () => {
    expect(driverArithmetic({ lengthBytes, carveOut: true, barBeforeRounding: false })).toEqual({
      usable: region(4, older),
      reserved: region(2, reserved),
    });
  });

  test('left whole', () => {
    expect(driverArithmetic({ lengthBytes, carveOut: false, barBeforeRounding: true })).toEqual({
      usable: region(4, whole),
      reserved: null,
    });
  });
});

describe('the driver refuses', () => {
  const ONE_GIB = 'less than the 1 GiB that the driver reserves';
  const NO_USABLE = 'less than 1 GiB reserved plus 512 MiB usable';
  test.each<[string, bigint, string, string]>([
    ['half a GiB', GIB / 2n, 'EOVERFLOW', ONE_GIB],
    ['one byte less than 1 GiB', GIB - 1n, 'EOVERFLOW', ONE_GIB],
    ['1 GiB', GIB, 'EINVAL', NO_USABLE],
    ['1.1875 GiB', (19n * GIB) / 16n, 'EINVAL', NO_USABLE],
    ['one byte less than 1.5 GiB', (3n * GIB) / 2n - 1n, 'EINVAL', NO_USABLE],
  ])('%s', (_title, lengthBytes, bindErrno, why) => {
    for (const barBeforeRounding of [true, false]) {
      expect(driverArithmetic({ lengthBytes, carveOut: true, barBeforeRounding })).toEqual({ bindErrno, why });
    }
  });

  test('memory that ends beyond 64 bits, and not a byte before', () => {
    const memory = { lengthBytes: 2n * GIB, carveOut: true, barBeforeRounding: true };
    const last = (1n << 64n) - GIB;
    expect(driverArithmetic({ ...memory, base: last })).toEqual({
      bindErrno: 'EOVERFLOW',
      why: 'which end beyond 64 bits of address',
    });
    expect(driverArithmetic({ ...memory, base: last - 1n })).toHaveProperty('usable');
  });
});

test('any memory that is carved out keeps the rules of the driver', () => {
  const lengths = fc.bigInt({ min: (3n * GIB) / 2n, max: 1n << 50n });
  fc.assert(
    fc.property(lengths, fc.boolean(), (lengthBytes, barBeforeRounding) => {
      const made = driverArithmetic({ lengthBytes, carveOut: true, barBeforeRounding });
      if (!('usable' in made) || made.reserved === null) throw new Error('refused');
      const { usable, reserved } = made;
      expect(usable.sizeBytes + reserved.sizeBytes).toBe(lengthBytes);
      expect(usable.sizeBytes % (512n * MIB)).toBe(0n);
      expect(reserved.sizeBytes >= GIB && reserved.sizeBytes < (3n * GIB) / 2n).toBe(true);
      for (const { sizeBytes, barBytes } of [usable, reserved]) {
        expect(isPowerOfTwo(barBytes) && barBytes >= sizeBytes).toBe(true);
      }
    }),
  );
});

describe('the kernel looks at the DVSEC bit, and rounds the BAR before the memory', () => {
  test.each<[readonly [number, number, number] | null, boolean]>([
    [[5, 19, 0], false],
    [[6, 9, 0], false],
    [[6, 11, 20], false],
    [[6, 12, 0], false],
    [[6, 12, 15], false],
    [[6, 12, 16], true],
    [[6, 12, 107], true],
    [[6, 13, 0], false],
    [[6, 13, 12], false],
    [[6, 14, 0], true],
    [[6, 20, 0], true],
    [[7, 0, 0], true],
    [null, true],
  ])('%j: %j', (version, looks) => {
    expect(looksAtDvsec(version)).toBe(looks);
  });
});
