import { describe, expect, test } from 'vitest';
import { readDeviceProperties } from '../../../src/host/acpi/device-properties.ts';
import fc from '../../fixtures/fast-check.ts';
import { bytes, dataPackage, device, dsd, named, pkg, scope, table, text, UUID } from './aml.ts';

const GPU = '\\_SB_.PCI9.GPU0';

function read(path: string, ...tables: Uint8Array[]): Record<string, bigint> | null {
  const properties = readDeviceProperties(tables).get(path) ?? null;
  return properties && Object.fromEntries(properties);
}

describe('a property belongs to the device around it', () => {
  const board = table(
    scope(
      '\\_SB_',
      device('PCI8', device('GPU0', dsd({ base: [0x0a, 8], size: [0x0a, 80] }))),
      device('PCI9', device('GPU0', dsd({ base: [0x0a, 9] })), device('NIC0', dsd({ size: [0x0a, 99] }))),
    ),
  );

  test('and not to one of the same name elsewhere', () => {
    expect(read('\\_SB_.PCI8.GPU0', board)).toEqual({ base: 8n, size: 80n });
  });

  test('and one that is missing is not taken from a neighbour', () => {
    expect(read('\\_SB_.PCI9.GPU0', board)).toEqual({ base: 9n });
  });

  test('and a device without any has null', () => {
    expect(read('\\_SB_.PCI9', board)).toBeNull();
    expect(read('\\_SB_.PCIA.GPU0', board)).toBeNull();
  });

  test('and the first table that gives any to a device counts, as in the kernel', () => {
    const later = table(scope('\\_SB_', scope('PCI9', scope('GPU0', dsd({ size: [0x0a, 90] })))));
    expect(read('\\_SB_.PCI9.GPU0', board, later)).toEqual({ base: 9n });
    expect(read('\\_SB_.PCI9.GPU0', later, board)).toEqual({ size: 90n });
  });

  test('and the first of two in the same table', () => {
    const twice = table(
      scope('\\_SB_', device('PCI9', device('GPU0', dsd({ size: [0x01] }), dsd({ size: [0x00], base: [0x01] })))),
    );
    expect(read('\\_SB_.PCI9.GPU0', twice)).toEqual({ size: 1n });
  });
});

describe('the path to a device', () => {
  const body = dsd({ base: [1] });
  const dual = (first: string, second: string) => bytes([0x2e], first, second);
  const multi = (...segments: string[]) => bytes([0x2f, segments.length], ...segments);

  test.each<[string, Uint8Array]>([
    ['nested scopes', scope('\\_SB_', scope('PCI9', device('GPU0', body)))],
    ['a dual name', scope(bytes('\\', dual('_SB_', 'PCI9')), device('GPU0', body))],
    ['a multi name', scope(bytes('\\', multi('_SB_', 'PCI9', 'GPU0')), body)],
    ['an absolute name inside another scope', scope('\\_GPE', scope(bytes('\\', multi('_SB_', 'PCI9', 'GPU0')), body))],
    ['one parent', scope('\\_SB_', device('PCI8', scope(bytes('^', 'PCI9'), device('GPU0', body))))],
    ['two parents', scope('\\_SB_', device('PCI8', device('RP00', scope(bytes('^^', 'PCI9'), device('GPU0', body)))))],
    ['more parents than there are scopes', scope('\\_TZ_', scope(bytes('^^^', multi('_SB_', 'PCI9', 'GPU0')), body))],
    ['the root scope', scope([0x5c, 0], scope('_SB_', device('PCI9', device('GPU0', body))))],
    ['no scope at all', device(multi('_SB_', 'PCI9', 'GPU0'), body)],
    ['a name that says all of it', bytes([0x08], '\\', multi('_SB_', 'PCI9', 'GPU0', '_DSD'), body.subarray(5))],
  ])('is found through %s', (_title, terms) => {
    expect(read(GPU, table(terms))).toEqual({ base: 1n });
  });
});

describe('an integer', () => {
  test.each<[string, number[], bigint]>([
    ['ZeroOp', [0x00], 0n],
    ['OneOp', [0x01], 1n],
    ['OnesOp', [0xff], 0xffff_ffff_ffff_ffffn],
    ['BytePrefix', [0x0a, 0xfe], 0xfen],
    ['WordPrefix', [0x0b, 0x34, 0x12], 0x1234n],
    ['DWordPrefix', [0x0c, 0x78, 0x56, 0x34, 0x12], 0x1234_5678n],
    ['QWordPrefix', [0x0e, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x81], 0x8123_4567_89ab_cdefn],
  ])('is read from %s', (_title, value, expected) => {
    expect(read(GPU, table(scope('\\_SB_', device('PCI9', device('GPU0', dsd({ size: value }))))))).toEqual({
      size: expected,
    });
  });

  test('is what a property must be: strings, references and packages are passed over', () => {
    const properties = dsd({
      string: [...text('94')],
      reference: [...bytes('SIZE')],
      package: [...dataPackage([0x01])],
      size: [0x0a, 94],
    });
    expect(read(GPU, table(scope('\\_SB_', device('PCI9', device('GPU0', properties)))))).toEqual({ size: 94n });
  });
});

describe('a _DSD is taken apart as the kernel does it', () => {
  const properties = (...elements: (Uint8Array | number[])[]) =>
    read(GPU, table(scope('\\_SB_', device('PCI9', device('GPU0', named('_DSD', dataPackage(...elements)))))));
  const set = (...pairs: (Uint8Array | number[])[]) => dataPackage(...pairs);
  const pair = (name: string, ...value: number[]) => dataPackage(text(name), value);
  const size = pair('size', 0x01);

  test.each<[string, Record<string, bigint> | null, Record<string, bigint> | null]>([
    ['the first of two properties of a name counts', properties(UUID, set(size, pair('size', 0x00))), { size: 1n }],
    [
      'also where that is no integer, which is then an error to the driver',
      properties(UUID, set(dataPackage(text('size'), text('1')), size)),
      {},
    ],
    ['two sets add up', properties(UUID, set(size), UUID, set(pair('base', 0x01))), { size: 1n, base: 1n }],
    ['of two sets the first counts', properties(UUID, set(size), UUID, set(pair('size', 0x00))), { size: 1n }],
    [
      'a set with a property of three parts counts for nothing',
      properties(UUID, set(size, dataPackage(text('x'), [0], [0]))),
      {},
    ],
    ['a set with a property without a name counts for nothing', properties(UUID, set(size, dataPackage([0], [0]))), {}],
    ['a set with something that is no pair counts for nothing', properties(UUID, set(size, [0x01])), {}],
    [
      'a set with a buffer for a value counts for nothing',
      properties(UUID, set(size, dataPackage(text('x'), [0x11, 0x03, 0x0a, 0x00]))),
      {},
    ],
    [
      'a set with a package of packages for a value counts for nothing',
      properties(UUID, set(size, dataPackage(text('x'), dataPackage(dataPackage([0]))))),
      {},
    ],
    ['an odd number of parts counts for nothing', properties(UUID, set(size), UUID), {}],
    ['a part that is no UUID ends it', properties([0x01], set(), UUID, set(size)), {}],
    ['a UUID without a package ends it', properties(UUID, [0x01], UUID, set(size)), {}],
    [
      'a _DSD that is no package has none',
      read(GPU, table(scope('\\_SB_', device('PCI9', device('GPU0', named('_DSD', [0x01])))))),
      {},
    ],
  ])('%s', (_title, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('what only looks like a property', () => {
  const gpu = (...terms: Uint8Array[]) => table(scope('\\_SB_', device('PCI9', device('GPU0', ...terms))));

  test('a _DSD with another UUID', () => {
    const other = Buffer.from(dsd({ size: [1] }));
    other.write('00', other.indexOf(Buffer.from('14d8ff', 'hex')), 'hex');
    expect(read(GPU, gpu(other))).toEqual({});
  });

  test.each<[string, Uint8Array]>([
    ['a method', bytes([0x14], pkg('MTH0', [0], dsd({ size: [1] })))],
    ['a thermal zone', bytes([0x5b, 0x85], pkg('TZ00', dsd({ size: [1] })))],
    ['a power resource', bytes([0x5b, 0x84], pkg('PR00', [0, 0, 0], dsd({ size: [1] })))],
    ['a buffer', named('BUF0', [0x11], pkg([0x0a, 0x60], dsd({ size: [1] })))],
    ['a buffer whose size is computed', named('BUF0', [0x11], pkg([0x60], dsd({ size: [1] })))],
  ])('the bytes of one inside of %s', (_title, object) => {
    expect(read(GPU, gpu(object))).toBeNull();
  });
});

describe('objects around a property are stepped over, whatever their bytes look like', () => {
  const gpu = (...terms: (Uint8Array | number[])[]) => table(scope('\\_SB_', device('PCI9', device('GPU0', ...terms))));

  test.each<[string, Uint8Array]>([
    // Its length 0x10, read as the opcode of a scope, would take the following Name for the scope's length and name.
    ['an operation region of 16 bytes', bytes([0x5b, 0x80], 'REG0', [0x00, 0x0c, 0, 0, 0, 0xfe, 0x0a, 0x10])],
    ['a mutex of level 8', bytes([0x5b, 0x01], 'MTX0', [0x08])],
    ['an event', bytes([0x5b, 0x02], 'EVT0')],
    ['an external method', bytes([0x15], 'EXT0', [0x08, 0x00])],
    ['a name that is computed', named('CALC', [0x72, 0x0a, 0x10, 0x0a, 0x10, 0x00])],
    ['a package that holds code', named('BAD0', [0x12, 0x04, 0x02, 0x70, 0x10])],
    ['a field', bytes([0x5b, 0x81, 0x0b], 'REG0', [0x01], 'FLD0', [0x10])],
  ])('%s', (_title, object) => {
    expect(read(GPU, gpu(object, dsd({ size: [1] })))).toEqual({ size: 1n });
  });

  test('a condition is looked into, for firmware patches its constants there', () => {
    const condition = bytes([0xa0, 0x3f & (dsd({ size: [1] }).length + 2)], [0x01], dsd({ size: [1] }));
    expect(read(GPU, gpu(condition))).toEqual({ size: 1n });
  });
});

describe('hostile bytes', () => {
  const whole = table(
    scope('\\_SB_', device('PCI9', device('GPU0', dsd({ base: [0x0a, 9], size: [0x0e, 1, 2, 3, 4, 5, 6, 7, 8] })))),
  );

  test('a table that is cut short at any byte gives what was complete, or nothing', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(read(GPU, whole.subarray(0, length)) ?? {}).toEqual({});
    }
    expect(read(GPU, whole)).toEqual({ base: 9n, size: 0x0807_0605_0403_0201n });
  });

  test('any bytes give a result', () => {
    const opcodes = fc.constantFrom(
      0x00,
      0x08,
      0x10,
      0x11,
      0x12,
      0x13,
      0x0d,
      0x14,
      0x15,
      0x5b,
      0x82,
      0x80,
      0x2f,
      0x5e,
      0x5c,
      0x41,
    );
    const any = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), opcodes), { maxLength: 400 });
    fc.assert(
      fc.property(any, (content) => {
        expect(() => readDeviceProperties([table(content)])).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  const TABLE_BYTES = 1 << 18;
  const repeated = (pattern: number[]) =>
    Uint8Array.from({ length: TABLE_BYTES }, (_, i) => pattern[i % pattern.length] ?? 0);
  /** The pattern again and again, each time with a PkgLength up to the end of the table at `lengthAt`. */
  const nested = (pattern: number[], lengthAt: number) => {
    const content = repeated(pattern);
    for (let start = 36; start + pattern.length <= TABLE_BYTES; start += pattern.length) {
      const length = TABLE_BYTES - start - lengthAt;
      content.set(
        [0xc0 | (length & 0xf), (length >> 4) & 0xff, (length >> 12) & 0xff, (length >> 20) & 0xff],
        start + lengthAt,
      );
    }
    return content;
  };
  const NAME = [0x41, 0x41, 0x41, 0x41];
  /** Each region's address a package up to the end of a table of 2 MiB, whose elements are strings of further regions. */
  const regionsAtPackages = () => {
    const content = new Uint8Array(1 << 21).fill(0x41);
    for (let start = 36; start + 16 <= content.length; start += 16) {
      const length = content.length - start - 8;
      const lengthBytes = [0xc0 | (length & 0xf), (length >> 4) & 0xff, (length >> 12) & 0xff, length >> 20];
      // A zero in it would end the string of an earlier region.
      if (!lengthBytes.includes(0)) content.set([0x5b, 0x80, ...NAME, 0x01, 0x12, ...lengthBytes, 0x01, 0x0d], start);
      if ((start - 36) % 4080 === 0) content.set([0x00, 0x0d], start + 14);
    }
    content.set([0x00], content.length - 1);
    return content;
  };
  test.each<[string, Uint8Array]>([
    ['names', repeated([0x08])],
    ['strings without an end', repeated([0x08, ...NAME, 0x0d])],
    ['scopes in scopes', nested([0x10, 0, 0, 0, 0, ...NAME], 1)],
    ['packages in packages', nested([0x08, ...NAME, 0x12, 0, 0, 0, 0, 1], 6)],
    ['packages that end in code', nested([0x08, ...NAME, 0x12, 0, 0, 0, 0, 1, 0x70], 6)],
    ['buffers of unknown size', nested([0x08, ...NAME, 0x11, 0, 0, 0, 0, 0x70], 6)],
    ['prefixes', repeated([0x10, 0x3f, 0x2f, 0xff])],
    ['_DSD objects', repeated([0x08, 0x5f, 0x44, 0x53, 0x44, 0x00])],
    ['regions at packages of strings', regionsAtPackages()],
  ])('a table of %s takes time in proportion to its length', (_title, hostile) => {
    const start = performance.now();
    readDeviceProperties([hostile]);
    // A quarter of a second on two idle cores; what is quadratic takes minutes.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
