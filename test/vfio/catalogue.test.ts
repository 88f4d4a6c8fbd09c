import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../../src/host/pci/pci.ts';
import { findEntry } from '../../src/vfio/catalogue.ts';
import { readCatalogue } from '../../src/vfio/catalogue-file.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

function write(content: unknown): string {
  const path = join(temporaryDirectory(), 'gpus.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const NOWHERE = '/nonexistent/gpus.json';
const ids = (device: number, subsystemDevice: number) =>
  ({ vendor: 0x10de, device, subsystemVendor: 0x10de, subsystemDevice }) as PciFunction;
const nameOf = (path: string | null, device: number, subsystem: number, site = NOWHERE) =>
  findEntry(readCatalogue(path, site), ids(device, subsystem))?.name ?? null;

describe('the catalogue that ships with ghpass', () => {
  test.each([
    [0x2342, 0x16eb, 'GH200 120GB'],
    [0x2342, 0x1805, 'GH200 120GB'],
    [0x2342, 0x1809, 'GH200 480GB'],
    [0x2342, 0xffff, 'GH200'],
    [0x2345, 0x0000, 'GH200 480GB'],
    [0x2348, 0x18d2, 'GH200 144G HBM3e'],
    [0x2941, 0x2046, 'GB200'],
    [0x31c2, 0x21f1, 'GB300'],
    [0x1db1, 0x1212, 'Tesla V100 SXM2 16GB'],
    [0x2343, 0x16eb, null],
  ])('calls %i with subsystem %i %s', (device, subsystem, name) => {
    expect(nameOf(null, device, subsystem)).toBe(name);
  });
});

describe('a file of the user', () => {
  test('comes before it, and leaves it what it does not know', () => {
    const path = write([{ device: '10DE:2342', name: 'Ours' }]);
    expect([nameOf(path, 0x2342, 0x16eb), nameOf(path, 0x2941, 0x2046)]).toEqual(['Ours', 'GB200']);
  });

  test('has the subsystem before any', () => {
    const path = write([
      { device: '10de:2342', subsystem: null, name: 'Any' },
      { device: '10de:2342', subsystem: '10de:16eb', name: 'That' },
    ]);
    expect([nameOf(path, 0x2342, 0x16eb), nameOf(path, 0x2342, 0x1805)]).toEqual(['That', 'Any']);
  });

  test('comes before that of the site, which comes before it where no other is named', () => {
    const named = write([{ device: '10de:2342', name: 'Named' }]);
    const site = write([{ device: '10de:2342', name: 'Site' }]);
    expect([nameOf(named, 0x2342, 1, site), nameOf(null, 0x2342, 1, site)]).toEqual(['Named', 'Site']);
  });

  test('gives names and expectations to a GPU', async () => {
    const path = write([{ device: '10de:2342', name: 'Ours', layouts: ['whole'], memory: 1 << 30 }]);
    const options = { open: true, catalogue: path };
    const { gpus } = await collectGpus(openMadeUp(graceHost([hopper()])), [], options);
    expect(gpus[0]).toMatchObject({
      name: 'Ours',
      product: { subsystem: null, kernelName: null, layouts: ['whole'], memoryBytes: 1n << 30n },
      memory: { layout: 'carveout' },
    });
  });

  const entry = (changes: object) => [
    { device: '10de:2342', name: 'Good' },
    { device: '10de:2941', name: 'x', ...changes },
  ];
  const IDS = 'vendor and device id, as in "10de:2342"';
  test.each<[string, unknown, string | RegExp]>([
    ['no JSON', '[{"device": }]', /^no JSON: /],
    ['nothing', '', /^no JSON: /],
    ['an object', {}, 'a list of entries is expected, [{"device": …, "name": …}, …]'],
    ['an entry that is no object', ['GH200'], 'entry 1 is "GH200"; {"device": …, "name": …} is expected'],
    ['an entry that is null', [null], 'entry 1 is null; {"device": …, "name": …} is expected'],
    ['no device', [{ name: 'x' }], `entry 1, field "device" is missing; expected: ${IDS}`],
    ['a device without a vendor', entry({ device: '2941' }), `entry 2, field "device" is "2941"; expected: ${IDS}`],
    ['a device that is a number', entry({ device: 2941 }), `entry 2, field "device" is 2941; expected: ${IDS}`],
    [
      'a subsystem of one id',
      entry({ subsystem: '16eb' }),
      'entry 2, field "subsystem" is "16eb"; expected: vendor and device id of the subsystem, or null for any',
    ],
    ['no name', [{ device: '10de:2342' }], 'entry 1, field "name" is missing; expected: a text that is not empty'],
    ['an empty name', entry({ name: ' ' }), 'entry 2, field "name" is " "; expected: a text that is not empty'],
    [
      'a name of the kernel that is a number',
      entry({ kernelName: 480 }),
      'entry 2, field "kernelName" is 480; expected: a text that is not empty, or null',
    ],
    [
      'a layout that there is not',
      entry({ layouts: ['carveout', 'hole'] }),
      'entry 2, field "layouts" is ["carveout","hole"]; expected: a list of layouts, out of carveout, whole, aperture, pad-bars, nvlink2, none',
    ],
    [
      'a layout that is no list',
      entry({ layouts: 'whole' }),
      'entry 2, field "layouts" is "whole"; expected: a list of layouts, out of carveout, whole, aperture, pad-bars, nvlink2, none',
    ],
    [
      'a size with a unit',
      entry({ memory: '96G' }),
      'entry 2, field "memory" is "96G"; expected: a whole number of bytes',
    ],
    ['a negative size', entry({ memory: -1 }), 'entry 2, field "memory" is -1; expected: a whole number of bytes'],
    [
      'a field that there is not',
      entry({ layout: 'whole' }),
      'entry 2, field "layout": no such field; there are device, subsystem, name, kernelName, layouts, memory',
    ],
  ])('with %s is refused in one line', (_title, content, what) => {
    const path = write(content);
    const start = `${path}: the GPU catalogue is malformed: `;
    let thrown: unknown;
    try {
      readCatalogue(path, NOWHERE);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ kind: 'usage', code: 'catalogue.invalid' });
    const { message } = thrown as Error;
    expect(message.slice(0, start.length)).toBe(start);
    if (typeof what === 'string') expect(message.slice(start.length)).toBe(what);
    else expect(message.slice(start.length)).toMatch(what);
    expect(message).not.toContain('\n');
  });

  test('that is not there is refused, and so is a directory', () => {
    const missing = { kind: 'usage', code: 'catalogue.unreadable' };
    const unreadable = (path: string, errno: string) =>
      expect.objectContaining({ ...missing, message: `${path}: the GPU catalogue cannot be read: ${errno}` });
    expect(() => readCatalogue(NOWHERE, NOWHERE)).toThrow(unreadable(NOWHERE, 'ENOENT'));
    const directory = temporaryDirectory();
    expect(() => readCatalogue(null, directory)).toThrow(unreadable(directory, 'EISDIR'));
  });
});
