import { describe, expect, test } from 'vitest';
import { migWorksWithCachedMemory, tellsReadinessThroughCxl } from '../../src/host/pci/dvsec.ts';
import fc from '../fixtures/fast-check.ts';

interface Capability {
  at: number;
  id: number;
  next: number;
  /** Vendor, DVSEC id and first data word of a DVSEC. */
  dvsec?: readonly [number, number, number];
}

function config(capabilities: Capability[], sizeBytes = 4096): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes);
  for (const { at, id, next, dvsec } of capabilities) {
    bytes.writeUInt32LE((id | (1 << 16) | (next << 20)) >>> 0, at);
    if (!dvsec) continue;
    bytes.writeUInt16LE(dvsec[0], at + 4);
    bytes.writeUInt16LE(dvsec[1], at + 8);
    bytes.writeUInt16LE(dvsec[2], at + 10);
  }
  return bytes;
}

const AER = { id: 0x0001 };
const DVSEC = 0x0023;

describe('MIG works with cached memory', () => {
  test.each<[string, Uint8Array, boolean | null]>([
    [
      'where bit 0 of NVIDIA’s DVSEC 3 is set',
      config([{ at: 0x100, id: DVSEC, next: 0, dvsec: [0x10de, 3, 1] }]),
      true,
    ],
    ['not where the bit is clear', config([{ at: 0x100, id: DVSEC, next: 0, dvsec: [0x10de, 3, 0xfffe] }]), false],
    [
      'also where other capabilities come before',
      config([
        { at: 0x100, ...AER, next: 0x200 },
        { at: 0x200, id: DVSEC, next: 0xff0, dvsec: [0x1e98, 3, 0] },
        { at: 0xff0, id: DVSEC, next: 0, dvsec: [0x10de, 3, 1] },
      ]),
      true,
    ],
    [
      'also where reserved bits of an offset are set, which the kernel ignores',
      config([
        { at: 0x100, ...AER, next: 0x203 },
        { at: 0x200, id: DVSEC, next: 0, dvsec: [0x10de, 3, 1] },
      ]),
      true,
    ],
    [
      'not where the DVSEC is another of NVIDIA',
      config([{ at: 0x100, id: DVSEC, next: 0, dvsec: [0x10de, 2, 1] }]),
      false,
    ],
    [
      'not where the DVSEC is of another vendor',
      config([{ at: 0x100, id: DVSEC, next: 0, dvsec: [0x1e98, 3, 1] }]),
      false,
    ],
    ['not where there is none', config([{ at: 0x100, ...AER, next: 0 }]), false],
    ['not where the extended space is empty', config([]), false],
    ['not where the device is dead and reads all ones', Buffer.alloc(4096, 0xff), false],
    ['not known to an unprivileged reader', config([], 64), null],
    ['not known where there is no extended space', config([], 256), null],
  ])('%s', (_title, bytes, expected) => {
    expect(migWorksWithCachedMemory(bytes)).toBe(expected);
  });

  test.each<[string, Capability[]]>([
    [
      'runs in a circle',
      [
        { at: 0x100, ...AER, next: 0x200 },
        { at: 0x200, ...AER, next: 0x100 },
      ],
    ],
    ['points at itself', [{ at: 0x100, ...AER, next: 0x100 }]],
    ['leaves the extended space downwards', [{ at: 0x100, ...AER, next: 0x40 }]],
    ['ends within the last bytes', [{ at: 0x100, ...AER, next: 0xffc }]],
  ])('not where the list %s', (_title, capabilities) => {
    expect(migWorksWithCachedMemory(config(capabilities))).toBe(false);
  });

  test('any bytes give an answer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 257, maxLength: 4096 }), (bytes) => {
        expect(migWorksWithCachedMemory(bytes)).toBeTypeOf('boolean');
      }),
    );
  });
});

describe('readiness is told through CXL', () => {
  test.each<[string, Uint8Array, boolean | null]>([
    [
      'where the DVSEC of a CXL device comes behind another one',
      config([
        { at: 0x100, id: DVSEC, next: 0x200, dvsec: [0x10de, 3, 1] },
        { at: 0x200, id: DVSEC, next: 0, dvsec: [0x1e98, 0, 0] },
      ]),
      true,
    ],
    ['not where CXL has only another DVSEC', config([{ at: 0x100, id: DVSEC, next: 0, dvsec: [0x1e98, 3, 0] }]), false],
    ['not where the space has no capability', config([]), false],
    ['perhaps, where the extended space is not readable', config([], 64), null],
  ])('%s', (_title, bytes, expected) => {
    expect(tellsReadinessThroughCxl(bytes)).toBe(expected);
  });
});
