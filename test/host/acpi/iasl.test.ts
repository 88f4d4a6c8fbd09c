import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDeviceProperties } from '../../../src/host/acpi/device-properties.ts';
import { ASL, compileAsl } from './compile-asl.ts';

type Expected = Record<string, Record<string, string> | null>;

describe.each(['board', 'override', 'nesting'])('the table that iasl makes of %s.asl', (name) => {
  const expected = JSON.parse(readFileSync(join(ASL, `${name}.json`), 'utf8')) as Expected;

  test('has the properties of each device, and no others', () => {
    const table = compileAsl(name);
    for (const [path, values] of Object.entries(expected)) {
      const properties = readDeviceProperties([table]).get(path) ?? null;
      const shown = properties && Object.fromEntries([...properties].map(([key, n]) => [key, `0x${n.toString(16)}`]));
      expect({ path, properties: shown }).toEqual({ path, properties: values });
    }
  });

  test('cut short at any byte never shows a value that is not in it', () => {
    const table = compileAsl(name);
    const known = new Set(Object.values(expected).flatMap((values) => Object.values(values ?? {}).map(BigInt)));
    for (let length = 0; length < table.length; length += 1) {
      for (const path of Object.keys(expected)) {
        for (const value of readDeviceProperties([table.subarray(0, length)])
          .get(path)
          ?.values() ?? []) {
          expect(known).toContain(value);
        }
      }
    }
  });
});
