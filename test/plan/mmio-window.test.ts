import { describe, expect, test } from 'vitest';
import { GhpassError } from '../../src/errors.ts';
import { DEFAULT_WINDOW_BYTES, planMmioWindow, rootPortWindow } from '../../src/plan/mmio-window.ts';
import { alignUp, isPowerOfTwo, nextPowerOfTwo } from '../../src/vfio/bytes.ts';
import fc from '../fixtures/fast-check.ts';
import { GIB, MIB, TIB } from '../fixtures/grace-host.ts';

const GH200 = [16n * MIB, GIB, 128n * GIB];
const GB200 = [64n * MIB, 256n * GIB, 256n * GIB];
const GB300 = [64n * MIB, 512n * GIB, 512n * GIB];
const gpus = (count: number, bars: bigint[]) => Array<bigint[]>(count).fill(bars);

describe('where the address space is not known', () => {
  test.each<[string, bigint[][], bigint]>([
    ['one GH200', gpus(1, GH200), TIB],
    ['two GH200', gpus(2, GH200), 2n * TIB],
    ['four GB200', gpus(4, GB200), 8n * TIB],
    ['four GB300', gpus(4, GB300), 16n * TIB],
    ['an odd BAR', gpus(1, [300n * GIB]), TIB],
  ])('%s get room to spare', (_title, bars, expected) => {
    expect(planMmioWindow(bars, null)).toBe(expected);
  });
});

describe('where it is', () => {
  test('the window is what the BARs need where more does not fit', () => {
    expect(planMmioWindow(gpus(1, GH200), { addressBits: 40, memoryBytes: 64n * GIB })).toBe(512n * GIB);
    expect(planMmioWindow(gpus(4, GH200), { addressBits: 42, memoryBytes: 64n * GIB })).toBe(2n * TIB);
  });

  test('and where that does not fit either, there is no plan', () => {
    expect(() => planMmioWindow(gpus(4, GB300), { addressBits: 42, memoryBytes: 480n * GIB })).toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'mmio.pa-bits',
        message:
          'the BARs of 4 GPUs need a window of 16 TiB; that does not fit behind 480 GiB of memory in 42 physical address bits, and QEMU would drop the window without a word',
        suggestions: ['give the guest fewer GPUs'],
      }),
    );
  });
});

test('any window is a power of two, holds all BARs behind ports that align them, and fits', () => {
  const bar = fc.oneof(
    fc.integer({ min: 12, max: 43 }).map((bit) => 1n << BigInt(bit)),
    fc.bigInt({ min: 1n, max: 1n << 43n }),
  );
  const guest = fc.record({
    bars: fc.array(fc.array(bar, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
    space: fc.option(
      fc.record({ addressBits: fc.integer({ min: 36, max: 52 }), memoryBytes: fc.bigInt({ min: 1n, max: 1n << 45n }) }),
    ),
  });
  fc.assert(
    fc.property(guest, ({ bars, space }) => {
      let windowBytes: bigint;
      try {
        windowBytes = planMmioWindow(bars, space);
      } catch (error) {
        expect(error).toBeInstanceOf(GhpassError);
        expect(space).not.toBeNull();
        return;
      }
      expect(isPowerOfTwo(windowBytes) && windowBytes >= DEFAULT_WINDOW_BYTES).toBe(true);
      expect(windowBytes >= placed(bars)).toBe(true);
      if (space) {
        const ramEnd = alignUp(GIB + space.memoryBytes, GIB);
        expect(alignUp(ramEnd, windowBytes) + windowBytes <= 1n << BigInt(space.addressBits)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

describe('behind a root port', () => {
  test.each<[string, bigint[], bigint]>([
    ['a GH200', GH200, 256n * GIB],
    ['a GB200', GB200, TIB],
    ['4 GiB, 1 GiB and 16 MiB, of which Linux 6.12 wants 6 GiB', [4n * GIB, GIB, 16n * MIB], 8n * GIB],
    ['a single BAR', [GIB], GIB],
  ])('%s', (_title, bars, expected) => {
    expect(rootPortWindow(bars)).toBe(expected);
  });

  test('is a power of two that holds the sum, aligned as Linux wants it', () => {
    const power = fc.integer({ min: 12, max: 43 }).map((bit) => 1n << BigInt(bit));
    fc.assert(
      fc.property(fc.array(power, { minLength: 1, maxLength: 3 }), (bars) => {
        const sum = bars.reduce((total, bytes) => total + bytes, 0n);
        const largest = bars.reduce((most, bytes) => (bytes > most ? bytes : most));
        const windowBytes = rootPortWindow(bars);
        expect(isPowerOfTwo(windowBytes) && windowBytes >= alignUp(sum, largest / 2n)).toBe(true);
        expect(planMmioWindow([bars, bars], null) >= 2n * windowBytes).toBe(true);
      }),
    );
  });
});

/** What a firmware needs that places each BAR at a multiple of its length, the largest first, port after port. */
function placed(bars: readonly (readonly bigint[])[]): bigint {
  let end = 0n;
  const ports = bars.map((port) => port.map(nextPowerOfTwo).toSorted((a, b) => (a < b ? 1 : -1)));
  for (const port of ports.toSorted((a, b) => ((a[0] ?? 0n) < (b[0] ?? 0n) ? 1 : -1))) {
    for (const bytes of port) end = alignUp(end, bytes) + bytes;
  }
  return end;
}
