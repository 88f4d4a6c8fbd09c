import { describe, expect, test } from 'vitest';
import { nodesOfProximityDomains } from '../../../src/host/acpi/proximity.ts';
import { readSrat, SratError } from '../../../src/host/acpi/srat.ts';
import { writeSrat } from '../../../src/host/builtin/srat-writer.ts';
import fc from '../../fixtures/fast-check.ts';

const content = {
  processors: [0, 0, 1],
  memory: [{ proximityDomain: 1, base: 0x8000_0000n, sizeBytes: 0x1_0000_0000_0000n }],
  genericInitiators: [
    { proximityDomain: 2, segment: 0x0009, bus: 0x01 },
    { proximityDomain: 0xffff_ffff, segment: 0xabcd, bus: 0xef },
  ],
};

/** An entry of any type, and a table of entries with a length that fits unless another is given. */
const entry = (type: number, length: number, fill: Record<number, number> = {}) => {
  const bytes = Buffer.alloc(Math.max(2, length));
  bytes[0] = type;
  bytes[1] = length;
  for (const [at, value] of Object.entries(fill)) bytes[Number(at)] = value;
  return bytes;
};
const table = (entries: Buffer[], sizeBytes?: number) => {
  const bytes = Buffer.concat([Buffer.alloc(48), ...entries]);
  bytes.writeUInt32LE(sizeBytes ?? bytes.length, 4);
  return bytes;
};
const EMPTY = { processors: [], memory: [], genericInitiators: [] };

const RAM = { hotPluggable: false, nonVolatile: false };

describe('reading', () => {
  test('gives what was written', () => {
    expect(readSrat(writeSrat(content))).toEqual({
      processors: [
        { proximityDomain: 0, uid: 0 },
        { proximityDomain: 0, uid: 1 },
        { proximityDomain: 1, uid: 2 },
      ],
      memory: [{ ...RAM, proximityDomain: 1, base: 0x8000_0000n, sizeBytes: 0x1_0000_0000_0000n }],
      genericInitiators: [
        { proximityDomain: 2, address: '0009:01:00.0' },
        { proximityDomain: 0xffff_ffff, address: 'abcd:ef:00.0' },
      ],
    });
  });

  test('takes device and function from the last byte of the PCI handle', () => {
    const initiator = entry(5, 32, { 3: 1, 4: 7, 8: 0x34, 9: 0x12, 10: 0x56, 11: (0x1f << 3) | 5, 24: 1 });
    expect(readSrat(table([initiator])).genericInitiators).toEqual([{ proximityDomain: 7, address: '1234:56:1f.5' }]);
  });

  test.each<[string, Buffer]>([
    ['an initiator with an ACPI handle', entry(5, 32, { 3: 0, 24: 1 })],
    ['an initiator that is not enabled', entry(5, 32, { 3: 1, 24: 0 })],
    ['memory that is not enabled', entry(1, 40, { 28: 2 })],
    ['a processor that is not enabled', entry(3, 18)],
    [
      'an x2APIC, an ITS and a generic port',
      Buffer.concat([entry(2, 24), entry(4, 12), entry(6, 32, { 3: 1, 24: 1 })]),
    ],
    ['an initiator that is too short to be one', entry(5, 31, { 3: 1, 24: 1 })],
  ])('steps over %s', (_title, bytes) => {
    const processor = entry(3, 18, { 2: 9, 10: 1 });
    expect(readSrat(table([bytes, processor]))).toEqual({ ...EMPTY, processors: [{ proximityDomain: 9, uid: 0 }] });
  });

  test('tells memory that may come later', () => {
    expect(readSrat(table([entry(1, 40, { 28: 3 })])).memory).toMatchObject([{ ...RAM, hotPluggable: true }]);
    expect(readSrat(table([entry(1, 40, { 28: 5 })])).memory).toMatchObject([{ ...RAM, nonVolatile: true }]);
  });
});

describe('a table that contradicts itself is refused', () => {
  test.each<[string, Buffer, string]>([
    ['no header', Buffer.alloc(47), 'SRAT of 47 bytes has no header'],
    ['a length that it does not have', table([entry(3, 18)], 67), 'SRAT says that it has 67 bytes, there are 66'],
    ['a length without room for the header', table([], 47), 'SRAT says that it has 47 bytes, there are 48'],
    ['an entry of no length', table([entry(3, 18), entry(5, 0)]), 'SRAT entry at byte 66 does not fit'],
    ['an entry of one byte', table([entry(5, 1)]), 'SRAT entry at byte 48 does not fit'],
    ['an entry that leaves the table', table([entry(3, 18, { 1: 19 })]), 'SRAT entry at byte 48 does not fit'],
    ['an entry without its length byte', table([entry(3, 18), Buffer.from([1])]), 'SRAT entry at byte 66 does not fit'],
  ])('%s', (_title, bytes, message) => {
    expect(() => readSrat(bytes)).toThrow(new SratError(message));
  });

  test('one that is cut short, at every byte', () => {
    const whole = writeSrat(content);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => readSrat(whole.subarray(0, length))).toThrow(SratError);
    }
  });

  test('any bytes give a table or a SratError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readSrat(table([Buffer.from(bytes)]));
        } catch (error) {
          expect(error).toBeInstanceOf(SratError);
        }
      }),
    );
  });
});

describe('Linux numbers nodes in the order in which it sees their domains', () => {
  const srat = {
    processors: [{ proximityDomain: 4, uid: 0 }],
    genericInitiators: [
      { proximityDomain: 9, address: '0000:41:00.0' },
      { proximityDomain: 7, address: '0000:41:00.0' },
    ],
    memory: [4, 5].map((proximityDomain) => ({ ...RAM, proximityDomain, base: 0n, sizeBytes: 1n })),
  };

  test('processors first, then initiators, then memory', () => {
    expect([...nodesOfProximityDomains(srat, 16)]).toEqual([
      [4, 0],
      [9, 1],
      [7, 2],
      [5, 3],
    ]);
  });

  test('until it has no more', () => {
    expect([...nodesOfProximityDomains(srat, 2)]).toEqual([
      [4, 0],
      [9, 1],
    ]);
  });
});
