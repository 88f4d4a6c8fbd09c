import { describe, expect, test } from 'vitest';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { findVariantDriver, readVfioAliases } from '../../src/host/pci/modules-alias.ts';

const RELEASE = '6.17.0';
const MODALIAS = 'pci:v000010DEd00002342sv000010DEsd000016EBbc03sc02i00';

const aliases = (text: string) =>
  readVfioAliases(memoryFiles({ files: { [`/lib/modules/${RELEASE}/modules.alias`]: text }, links: {} }), RELEASE) ??
  [];
const driver = (text: string, modalias = MODALIAS) => findVariantDriver(aliases(text), modalias);

const EXACT = 'alias vfio_pci:v000010DEd00002342sv*sd*bc*sc*i* nvgrace_gpu_vfio_pci\n';
const GENERIC = 'alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n';

describe('the variant driver of a device', () => {
  test.each<[string, string, string | null]>([
    ['is the one with the fewest wildcards', GENERIC + EXACT, 'nvgrace_gpu_vfio_pci'],
    ['is the same whatever the order', EXACT + GENERIC, 'nvgrace_gpu_vfio_pci'],
    ['is the generic one where no other is listed', GENERIC, 'vfio_pci'],
    [
      'is named with underscores',
      EXACT.replace('nvgrace_gpu_vfio_pci', 'nvgrace-gpu-vfio-pci'),
      'nvgrace_gpu_vfio_pci',
    ],
    ['is none where only an ordinary driver takes the device', EXACT.replace('vfio_pci:', 'pci:'), null],
    ['is none where another device is listed', EXACT.replace('2342', '2345'), null],
    ['is none where only the start matches', 'alias vfio_pci:v000010DEd00002342 short\n', null],
    ['is none where the pattern has characters of a regular expression', 'alias vfio_pci:v0000.*(10DE nothing\n', null],
    ['is found between wildcards', 'alias vfio_pci:*d00002342*16EB*02* nvgrace_gpu_vfio_pci\n', 'nvgrace_gpu_vfio_pci'],
    ['is found by a pattern without any', `alias vfio_pci:${MODALIAS.slice(4)} exact\n`, 'exact'],
    ['is none where parts would have to overlap', 'alias vfio_pci:v000010DEd0000*0000234* nothing\n', null],
    ['is none where the end would have to', `alias vfio_pci:${MODALIAS.slice(4)}*i00 nothing\n`, null],
    ['is none where there are no aliases', '# Aliases extracted from modules themselves.\n', null],
  ])('%s', (_title, text, expected) => {
    expect(driver(text)).toBe(expected);
  });
});

test('a pattern of many wildcards takes no longer than another', () => {
  expect(driver(`alias vfio_pci:${'*a'.repeat(40)}*b hostile\n`, `pci:${'a'.repeat(4000)}`)).toBeNull();
});

test('a file that is absent, or of another kernel, is not known', () => {
  const files = memoryFiles({ files: { '/lib/modules/6.16.0/modules.alias': EXACT }, links: {} });
  expect(readVfioAliases(files, RELEASE)).toBeNull();
  expect(readVfioAliases(files, null)).toBeNull();
  expect(readVfioAliases(files, '6.16.0')).toHaveLength(1);
});
