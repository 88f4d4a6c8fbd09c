import { describe, expect, test } from 'vitest';
import { decodeDeviceInfo, decodeRegionInfo, StructError } from '../../src/vfio/structs.ts';
import fc from '../fixtures/fast-check.ts';
import { nvlinkSpeed, nvlinkTarget, regionBytes, sparse, typed } from '../fixtures/vfio-bytes.ts';
import { DEVICE_INFO, REGION_2, REGION_4 } from './helper/recorded-device.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const SPARSE_MMAP = { id: 1, name: 'sparse-mmap', version: 1 };

describe('what the driver of Linux 6.12.107 and 7.3.4 answers for 2.5 GiB', () => {
  test('device', () => {
    expect(decodeDeviceInfo(hex(DEVICE_INFO))).toEqual({ flags: ['reset', 'pci'], regionCount: 9, irqCount: 5 });
  });

  test('region 2: 1 GiB of reserved memory', () => {
    expect(decodeRegionInfo(hex(REGION_2))).toEqual({
      index: 2,
      flags: ['read', 'write', 'mmap', 'caps'],
      sizeBytes: 0x4000_0000n,
      offset: 0x200_0000_0000n,
      answerBytes: 64,
      capabilityOffset: 32,
      capabilities: [SPARSE_MMAP],
      sparseAreas: [{ offsetBytes: 0n, sizeBytes: 0x4000_0000n }],
      type: null,
      nvlinkTarget: null,
      nvlinkSpeed: null,
    });
  });

  test('region 4: 1.5 GiB in a BAR of 2 GiB', () => {
    expect(decodeRegionInfo(hex(REGION_4))).toMatchObject({
      index: 4,
      sizeBytes: 0x8000_0000n,
      offset: 0x400_0000_0000n,
      sparseAreas: [{ offsetBytes: 0n, sizeBytes: 0x6000_0000n }],
    });
  });

  test('region 2 in the first of two calls: flags say CAPS, and there was no room for one', () => {
    const first = hex(REGION_2).subarray(0, 32);
    first.writeUInt32LE(0, 12);
    expect(decodeRegionInfo(first)).toMatchObject({ flags: ['read', 'write', 'mmap', 'caps'], sparseAreas: null });
  });
});

describe('a chain of capabilities', () => {
  test('is walked to its end, known or not', () => {
    const region = regionBytes({
      index: 9,
      sizeBytes: 1n,
      capabilities: [{ id: 3 }, typed(0x800010de, 1), { id: 77, version: 2 }],
    });
    expect(decodeRegionInfo(region)).toMatchObject({
      capabilities: [
        { id: 3, name: 'msix-mappable', version: 1 },
        { id: 2, name: 'type', version: 1 },
        { id: 77, name: null, version: 2 },
      ],
      sparseAreas: null,
      type: { type: 0x8000_10de, subtype: 1 },
    });
  });

  test('of NVLink2 says the address and the speed', () => {
    const region = regionBytes({
      index: 9,
      sizeBytes: 1n,
      capabilities: [typed(0x8000_1014, 1), nvlinkTarget(0x4400_0000_0000n), nvlinkSpeed(9)],
    });
    expect(decodeRegionInfo(region)).toMatchObject({
      capabilities: [
        { id: 2, name: 'type', version: 1 },
        { id: 4, name: 'nvlink2-ssatgt', version: 1 },
        { id: 5, name: 'nvlink2-lnkspd', version: 1 },
      ],
      nvlinkTarget: 0x4400_0000_0000n,
      nvlinkSpeed: 9,
    });
  });

  test('with several sparse areas, and with none', () => {
    const areas = (...list: (readonly [bigint, bigint])[]) =>
      decodeRegionInfo(regionBytes({ index: 4, sizeBytes: 4n, capabilities: [sparse(...list)] })).sparseAreas;
    expect(areas()).toEqual([]);
    expect(areas([0n, 1n], [2n, 1n])).toEqual([
      { offsetBytes: 0n, sizeBytes: 1n },
      { offsetBytes: 2n, sizeBytes: 1n },
    ]);
  });

  const chain = (change: (bytes: Buffer) => void, capabilities = [sparse([0n, 1n])]) => {
    const bytes = regionBytes({ index: 2, sizeBytes: 1n, capabilities });
    change(bytes);
    return bytes;
  };

  test.each<[string, Buffer, string]>([
    ['no structure', Buffer.alloc(31), 'vfio_region_info of 31 bytes, at least 32 expected'],
    [
      'begins in the structure',
      chain((b) => b.writeUInt32LE(24, 12)),
      'capability at byte 24 lies outside of 64 bytes',
    ],
    ['begins behind the end', chain((b) => b.writeUInt32LE(64, 12)), 'capability at byte 64 lies outside of 64 bytes'],
    [
      'begins too near the end',
      chain((b) => b.writeUInt32LE(57, 12)),
      'capability at byte 57 lies outside of 64 bytes',
    ],
    [
      'goes on far outside',
      chain((b) => b.writeUInt32LE(0xffff_ffff, 36)),
      'capability at byte 4294967295 lies outside of 64 bytes',
    ],
    [
      'points at itself',
      chain((b) => b.writeUInt32LE(32, 36), [{ ...sparse(), id: 9 }]),
      'capability chain runs in a circle at byte 32',
    ],
    [
      'runs in a circle',
      chain((b) => b.writeUInt32LE(32, 44), [{ id: 3 }, { id: 3 }]),
      'capability chain runs in a circle at byte 32',
    ],
    ['has more areas than bytes', chain((b) => b.writeUInt32LE(2, 40)), '2 sparse areas do not fit'],
    [
      'has four thousand million areas',
      chain((b) => b.writeUInt32LE(0xffff_ffff, 40)),
      '4294967295 sparse areas do not fit',
    ],
    [
      'has areas that are cut short',
      regionBytes({ index: 2, sizeBytes: 1n, capabilities: [{ id: 1 }] }),
      'sparse areas at byte 32 are cut short',
    ],
    [
      'has a type that is cut short',
      regionBytes({ index: 9, sizeBytes: 1n, capabilities: [{ id: 2 }] }),
      'type at byte 32 is cut short',
    ],
    [
      'has an NVLink2 target that is cut short',
      regionBytes({ index: 9, sizeBytes: 1n, capabilities: [{ id: 4 }] }),
      'NVLink2 target at byte 32 is cut short',
    ],
    [
      'has an NVLink2 speed that is cut short',
      regionBytes({ index: 9, sizeBytes: 1n, capabilities: [{ id: 5 }] }),
      'NVLink2 speed at byte 32 is cut short',
    ],
    [
      'has two lists of areas',
      chain(() => {}, [sparse([0n, 1n]), sparse([0n, 1n])]),
      'second list of sparse areas at byte 64',
    ],
  ])('that %s is refused', (_title, bytes, message) => {
    expect(() => decodeRegionInfo(bytes)).toThrow(new StructError(message));
  });
});

test('a device of too few bytes is refused', () => {
  expect(() => decodeDeviceInfo(Buffer.alloc(15))).toThrow(
    new StructError('vfio_device_info of 15 bytes, at least 16 expected'),
  );
});

test('any bytes give a region or a StructError', () => {
  const small = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 2, 32, 40, 48, 64));
  fc.assert(
    fc.property(fc.array(small, { maxLength: 160 }), (bytes) => {
      try {
        expect(decodeRegionInfo(Uint8Array.from(bytes)).capabilities.length).toBeLessThan(160);
      } catch (error) {
        expect(error).toBeInstanceOf(StructError);
      }
    }),
    { numRuns: 1000 },
  );
});
