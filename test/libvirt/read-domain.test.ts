import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { GIB } from '../fixtures/grace-host.ts';

const corpus = (name: string) => readFileSync(join(import.meta.dirname, `corpus/${name}.xml`), 'utf8');

describe('the window that a domain asks for', () => {
  test.each([
    ["<pcihole64 unit='GiB'>768</pcihole64>", 768n * GIB],
    ['<pcihole64>1073741824</pcihole64>', 1024n * GIB],
    ["<pcihole64 unit='parsec'>1</pcihole64>", null],
    ['', null],
  ])('%j', (hole, bytes) => {
    const complex = `<controller type='pci' index='0' model='pcie-root'>${hole}</controller>`;
    const xml = corpus('pcihole64').replace(/<controller type='pci'[^>]*>[\s\S]*?<\/controller>/, complex);
    expect(xml).toContain(complex);
    expect(readDomain(xml).windowBytes).toBe(bytes);
  });
});

describe('the vCPUs of a cell', () => {
  const cellWith = (cpus: string) => corpus('cells-scattered-cpus').replace("cpus='0,2,4,6'", `cpus='${cpus}'`);

  test.each([
    ['0,2,4,6', [0, 2, 4, 6]],
    ['6,4,0-2,^1', [0, 2, 4, 6]],
    ['0', [0]],
  ])('%s', (text, cpus) => {
    expect(readDomain(cellWith(text)).cells[0]?.cpus).toEqual(cpus);
  });

  test('that are no set of numbers are not taken for none', () => {
    expect(() => readDomain(cellWith('all'))).toThrow('cell/@cpus is missing or cannot be read');
  });
});
