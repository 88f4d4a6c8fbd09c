import { describe, expect, test } from 'vitest';
import {
  alignUp,
  formatAddress,
  formatBytes,
  GIB,
  isPowerOfTwo,
  KIB,
  MIB,
  nextPowerOfTwo,
  TIB,
} from '../../src/vfio/bytes.ts';
import fc from '../fixtures/fast-check.ts';

const sizes = fc.bigInt({ min: 1n, max: 1n << 63n });
const powers = fc.integer({ min: 0, max: 62 }).map((bit) => 1n << BigInt(bit));

describe('the next power of two', () => {
  test.each<[bigint, bigint]>([
    [-1n, 0n],
    [0n, 0n],
    [1n, 1n],
    [2n, 2n],
    [3n, 4n],
    [4n, 4n],
    [5n, 8n],
    [2n ** 53n + 1n, 2n ** 54n],
    [2n ** 63n, 2n ** 63n],
  ])('of %s is %s', (bytes, expected) => {
    expect(nextPowerOfTwo(bytes)).toBe(expected);
  });

  test('is the least power of two that is not below', () => {
    fc.assert(
      fc.property(sizes, (bytes) => {
        const power = nextPowerOfTwo(bytes);
        expect(isPowerOfTwo(power) && power >= bytes && power / 2n < bytes).toBe(true);
      }),
    );
  });
});

test('a power of two has one bit', () => {
  expect([0n, -1n, -2n, 3n, 6n].some(isPowerOfTwo)).toBe(false);
  fc.assert(fc.property(powers, (power) => isPowerOfTwo(power)));
});

test('rounding up gives the next multiple, and leaves a multiple as it is', () => {
  fc.assert(
    fc.property(sizes, powers, (bytes, alignment) => {
      const aligned = alignUp(bytes, alignment);
      expect(aligned % alignment === 0n && aligned >= bytes && aligned - bytes < alignment).toBe(true);
      expect(alignUp(aligned, alignment)).toBe(aligned);
    }),
  );
});

describe('a size as people write it', () => {
  test.each<[bigint, string]>([
    [0n, '0 B'],
    [1023n, '1023 B'],
    [KIB, '1 KiB'],
    [1536n, '1.5 KiB'],
    [512n * MIB, '512 MiB'],
    [(189n * GIB) / 2n, '94.5 GiB'],
    [(261n * GIB) / 4n, '65.25 GiB'],
    [189471n * MIB, '185.03 GiB (0x2e41f00000)'],
    [0x9f123000n, '2.48 GiB (0x9f123000)'],
    [GIB + 1n, '1 GiB (0x40000001)'],
    [4n * TIB, '4 TiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('can be read back to the byte', () => {
    const units: Record<string, bigint> = { B: 1n, KiB: KIB, MiB: MIB, GiB: GIB, TiB: TIB };
    fc.assert(
      fc.property(
        fc.oneof(
          sizes,
          powers,
          sizes.map((n) => (n / (GIB / 4n)) * (GIB / 4n)),
        ),
        (bytes) => {
          const [, number = '', unit = '', exact] =
            /^([\d.]+) ([KMGT]?i?B)(?: \((0x[0-9a-f]+)\))?$/.exec(formatBytes(bytes)) ?? [];
          const hundredths = BigInt(Math.round(Number(number) * 100));
          const read = exact ? BigInt(exact) : (hundredths * (units[unit] ?? 0n)) / 100n;
          expect(read).toBe(bytes);
        },
      ),
    );
  });

  test('an address is hexadecimal', () => {
    expect(formatAddress(0x140000000n)).toBe('0x140000000');
  });
});
