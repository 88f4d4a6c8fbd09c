import { beforeAll, describe, expect, test } from 'vitest';
import { readDefinitionBlocks } from '../../../src/host/acpi/tables.ts';
import { memoryFiles } from '../../../src/host/memory-files.ts';
import { compileAsl } from './compile-asl.ts';

const TABLES = '/sys/firmware/acpi/tables';
const SOURCES = {
  [`${TABLES}/DSDT`]: 'dsdt',
  [`${TABLES}/SSDT2`]: 'ssdt2',
  [`${TABLES}/SSDT10`]: 'ssdt10',
  [`${TABLES}/dynamic/SSDT11`]: 'dynamic',
  [`${TABLES}/OSDT`]: 'osdt',
};

describe('a property of several tables, as iasl makes them', () => {
  const compiled: Record<string, Uint8Array> = {};
  beforeAll(() => {
    for (const [path, source] of Object.entries(SOURCES)) compiled[path] = compileAsl(`tables/${source}`);
  });

  /** The size of each device, on a host that has these tables. */
  const sizes = (names: readonly string[], cut: Record<string, Uint8Array> = {}) => {
    const files = Object.fromEntries(names.map((name) => [`${TABLES}/${name}`, compiled[`${TABLES}/${name}`] ?? '']));
    const blocks = readDefinitionBlocks(memoryFiles({ files: { ...files, ...cut }, links: {} }));
    if ('unreadable' in blocks) throw new Error(blocks.unreadable.path);
    return ['PCI8', 'PCI9', 'PCIA', 'PCIB'].map((device) => {
      const properties = blocks.properties.get(`\\_SB_.${device}`) ?? null;
      return properties && (properties.get('nvidia,gpu-mem-size') ?? 'no size');
    });
  };

  test('is that of the device it belongs to: one lacks the size, two have nothing', () => {
    expect(sizes(['DSDT'])).toEqual([0x10n, null, 'no size', null]);
  });

  test('may stand in an SSDT; what the DSDT says already stays', () => {
    expect(sizes(['DSDT', 'SSDT2'])).toEqual([0x10n, 0x29n, 'no size', null]);
  });

  test('comes from the SSDT that was loaded first, by number and not by name', () => {
    expect(sizes(['DSDT', 'SSDT10', 'SSDT2'])).toEqual([0x10n, 0x29n, 'no size', null]);
    expect(sizes(['DSDT', 'SSDT10'])).toEqual([0x10n, 0xa9n, 'no size', null]);
  });

  test('may stand in a table that was loaded later', () => {
    expect(sizes(['DSDT', 'SSDT2', 'dynamic/SSDT11'])).toEqual([0x10n, 0x29n, 'no size', 0xdbn]);
  });

  test('is taken from an OSDT, whatever another table says', () => {
    expect(sizes(['DSDT', 'SSDT2', 'OSDT'])).toEqual([0x08n, 0x29n, 'no size', null]);
  });

  test('is another only where a table is cut short before it', () => {
    const whole = compiled[`${TABLES}/SSDT2`] ?? new Uint8Array();
    for (let length = 0; length < whole.length; length += 1) {
      const [first, second] = sizes(['DSDT', 'SSDT10'], { [`${TABLES}/SSDT2`]: whole.subarray(0, length) });
      expect(first).toBe(0x10n);
      expect([0x29n, 0xa9n]).toContain(second);
    }
  });
});

test('other tables, and directories of that name, are no definition blocks', () => {
  const files = { [`${TABLES}/SRAT`]: 'x', [`${TABLES}/SSDT1x`]: 'x', [`${TABLES}/data/BERT`]: 'x' };
  expect(readDefinitionBlocks(memoryFiles({ files, links: {} }))).toEqual({ properties: new Map() });
  expect(readDefinitionBlocks(memoryFiles({ files: { [`${TABLES}/SSDT1/x`]: 'x' }, links: {} }))).toEqual({
    unreadable: { path: `${TABLES}/SSDT1`, errno: 'EISDIR' },
  });
});
