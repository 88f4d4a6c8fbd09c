import { expect, test } from 'vitest';
import { carveOutRegions, nextPowerOfTwo, wholeRegions } from '../../../src/host/builtin/driver-regions.ts';
import { driverArithmetic } from '../../../src/vfio/arithmetic.ts';
import fc from '../../fixtures/fast-check.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** Samples of the driver's arithmetic: memory, then size and mappable bytes of regions 2 and 4. */
test.each([
  [0xa000_0000n, 0x4000_0000n, 0x4000_0000n, 0x8000_0000n, 0x6000_0000n],
  [0x9f12_3000n, 0x8000_0000n, 0x5f12_3000n, 0x8000_0000n, 0x4000_0000n],
  [(189n * GIB) / 2n, GIB, GIB, 128n * GIB, (187n * GIB) / 2n],
  [(261n * GIB) / 4n, 2n * GIB, (5n * GIB) / 4n, 128n * GIB, 64n * GIB],
  [141n * GIB, GIB, GIB, 256n * GIB, 140n * GIB],
  [189_471n * MIB, 2n * GIB, 1055n * MIB, 256n * GIB, 184n * GIB],
])('%d bytes are carved out as by the driver', (memoryBytes, size2, length2, size4, length4) => {
  expect(carveOutRegions(16n * MIB, memoryBytes)).toEqual([
    { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
    { index: 2, sizeBytes: size2, sparseBytes: length2 },
    { index: 4, sizeBytes: size4, sparseBytes: length4 },
  ]);
});

test('what a made-up device answers is what ghpass predicts, whatever the size', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1536n * MIB, max: 1n << 42n }), fc.boolean(), (lengthBytes, carveOut) => {
      const expected = driverArithmetic({ lengthBytes, carveOut, barBeforeRounding: true });
      const made = carveOut ? carveOutRegions(0n, lengthBytes) : wholeRegions(0n, 0n, lengthBytes);
      const special = (index: number) => {
        const region = made.find((one) => one.index === index && one.sparseBytes !== null);
        return region ? { region: index, sizeBytes: region.sparseBytes, barBytes: region.sizeBytes } : null;
      };
      expect({ usable: special(4), reserved: special(2) }).toEqual(expected);
    }),
  );
});

test.each([
  [1n, 1n],
  [2n, 2n],
  [3n, 4n],
  [GIB, GIB],
  [GIB + 1n, 2n * GIB],
])('the next power of two after %d is %d', (value, expected) => {
  expect(nextPowerOfTwo(value)).toBe(expected);
});
