import { expect, test } from 'vitest';
import { readDeviceProperties } from '../../src/host/acpi/device-properties.ts';
import { readSrat } from '../../src/host/acpi/srat.ts';
import { definitionBlock, device, deviceProperties, scope } from '../../src/host/builtin/aml-writer.ts';
import { configSpace } from '../../src/host/builtin/config-writer.ts';
import { writeSrat } from '../../src/host/builtin/srat-writer.ts';
import { helperOutput } from '../../src/host/builtin/vfio-writer.ts';
import { migWorksWithCachedMemory } from '../../src/host/pci/dvsec.ts';
import { parseDeviceAnswer } from '../../src/vfio/protocol.ts';
import { decodeRegionInfo } from '../../src/vfio/structs.ts';
import fc from '../fixtures/fast-check.ts';

const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const u32 = fc.nat(0xffff_ffff);
const segment = fc.stringMatching(/^[A-Z_][A-Z0-9_]{3}$/);
const propertyName = fc.stringMatching(/^[ -~]{1,60}$/);

test('the properties of devices at any path read as they were written, each at its own', () => {
  const properties = fc.dictionary(propertyName, u64, { maxKeys: 40 });
  const board = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 6 }), segment, segment, properties, properties);
  fc.assert(
    fc.property(board, ([bridge, first, second, ofFirst, ofSecond]) => {
      fc.pre(first !== second);
      const path = `\\${bridge.join('.')}`;
      const devices = [device(first, deviceProperties(ofFirst)), device(second, deviceProperties(ofSecond))];
      const table = definitionBlock('DSDT', scope(path, ...devices));
      const read = (name: string) => readDeviceProperties([table]).get(`${path}.${name}`);
      expect(read(first)).toEqual(new Map(Object.entries(ofFirst)));
      expect(read(second)).toEqual(new Map(Object.entries(ofSecond)));
    }),
  );
});

test('an SRAT reads as it was written', () => {
  const content = fc.record({
    processors: fc.array(u32, { maxLength: 8 }),
    memory: fc.array(fc.record({ proximityDomain: u32, base: u64, sizeBytes: u64 }), { maxLength: 8 }),
    genericInitiators: fc.array(fc.record({ proximityDomain: u32, segment: fc.nat(0xffff), bus: fc.nat(0xff) }), {
      maxLength: 8,
    }),
  });
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  fc.assert(
    fc.property(content, ({ processors, memory, genericInitiators }) => {
      expect(readSrat(writeSrat({ processors, memory, genericInitiators }))).toEqual({
        processors: processors.map((proximityDomain, uid) => ({ proximityDomain, uid })),
        memory: memory.map((entry) => ({ ...entry, hotPluggable: false, nonVolatile: false })),
        genericInitiators: genericInitiators.map(({ proximityDomain, segment, bus }) => ({
          proximityDomain,
          address: `${hex(segment, 4)}:${hex(bus, 2)}:00.0`,
        })),
      });
    }),
  );
});

test('the DVSEC bit of a configuration space reads as it was written', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.boolean(), (id, subsystem, bit) => {
      expect(migWorksWithCachedMemory(configSpace(id, subsystem, bit))).toBe(bit);
    }),
  );
});

test('the regions of a device read as they were written', () => {
  const sizes = fc.tuple(u64, fc.option(u64));
  fc.assert(
    fc.property(fc.tuple(sizes, sizes, sizes), (regions) => {
      const written = regions.map(([sizeBytes, sparseBytes], i) => ({ index: 2 * i, sizeBytes, sparseBytes }));
      const { regions: answers } = parseDeviceAnswer(helperOutput('0009:01:00.0', written));
      const read = answers.flatMap(({ info }) => (info ? decodeRegionInfo(info) : []));
      expect(read.filter(({ index }) => written.some((region) => region.index === index))).toMatchObject(
        written.map(({ index, sizeBytes, sparseBytes }) => ({
          index,
          sizeBytes,
          sparseAreas: sparseBytes === null ? null : [{ offsetBytes: 0n, sizeBytes: sparseBytes }],
        })),
      );
    }),
  );
});
