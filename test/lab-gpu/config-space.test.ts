import { describe, expect, test } from 'vitest';
import { buildConfigSpace, writableConfigBits } from '../../lab/gpu/config-space.ts';
import { GH200 } from './gh200.ts';

/** Lengths of the capabilities by id: PCI Express v2 and power management (pci_regs.h). */
const CAPABILITY_BYTES = new Map([
  [0x10, 0x3c],
  [0x01, 0x08],
]);

function capabilities(config: Buffer): { id: number; at: number }[] {
  const found = [];
  for (let at = config.readUInt8(0x34); at !== 0; at = config.readUInt8(at + 1)) {
    found.push({ id: config.readUInt8(at), at });
  }
  return found;
}

describe('configuration space', () => {
  const config = buildConfigSpace(GH200);

  test('names the function 10de:2342, subsystem 10de:16eb, class 0302, revision a1', () => {
    expect(config.subarray(0x00, 0x04).toString('hex')).toBe('de104223');
    expect(config.subarray(0x2c, 0x30).toString('hex')).toBe('de10eb16');
    expect(config.readUInt32LE(0x08)).toBe(0x030200a1);
    expect(config.readUInt8(0x0e)).toBe(0);
  });

  test('shows three BARs as 64-bit prefetchable memory', () => {
    expect([0x10, 0x14, 0x18, 0x1c, 0x20, 0x24].map((register) => config.readUInt32LE(register))).toEqual([
      0xc, 0, 0xc, 0, 0xc, 0,
    ]);
  });

  test('shows nothing in the place of an absent BAR', () => {
    const without = buildConfigSpace({ ...GH200, bar2Bytes: 0n, bar4Bytes: 0n });
    expect([0x10, 0x18, 0x20].map((register) => without.readUInt32LE(register))).toEqual([0xc, 0, 0]);
  });

  test('chains PCI Express and power management, neither running into the next', () => {
    const chain = capabilities(config);
    expect(chain.map(({ id }) => id)).toEqual([0x10, 0x01]);
    const ends = chain.map(({ id, at }) => at + (CAPABILITY_BYTES.get(id) ?? Number.NaN));
    expect(ends[0]).toBeLessThanOrEqual(chain[1]?.at ?? 0);
    expect(ends[1]).toBeLessThanOrEqual(0x100);
  });

  test('is a PCI Express v2 endpoint with function level reset', () => {
    expect(config.readUInt16LE(0x42)).toBe(0x0002);
    expect(config.readUInt32LE(0x44) & (1 << 28)).not.toBe(0);
  });

  test('has AER where the driver needs a carve-out', () => {
    expect(config.readUInt32LE(0x100)).toBe(0x00020001);
  });

  test("has NVIDIA's DVSEC 3 with bit 0 where it needs none", () => {
    const whole = buildConfigSpace({ ...GH200, dvsec: true });
    expect(whole.readUInt32LE(0x100)).toBe(0x00010023);
    expect(whole.readUInt16LE(0x104)).toBe(0x10de);
    expect(whole.readUInt16LE(0x108)).toBe(3);
    expect(whole.readUInt16LE(0x10a)).toBe(1);
  });

  test('lets nobody write identity, status, BARs or capability headers', () => {
    const writable = writableConfigBits();
    const readOnly: [number, number][] = [
      [0x00, 0x04],
      [0x06, 0x3c],
      [0x40, 0x48],
      [0x80, 0x84],
      [0x100, 0x1000],
    ];
    for (const [from, to] of readOnly) expect(writable.subarray(from, to).every((mask) => mask === 0)).toBe(true);
  });
});
