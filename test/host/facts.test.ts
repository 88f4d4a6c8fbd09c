import { expect, test } from 'vitest';
import { collectHost } from '../../src/host/facts.ts';
import { ADDRESS, type FileChanges, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';

const FOREIGN = {
  [`/sys/bus/pci/devices/${ADDRESS}/vendor`]: '0x1234\n',
  [`/sys/bus/pci/devices/${ADDRESS}/modalias`]: 'pci:v00001234d00002342sv*\n',
};
const LIST = { '/proc/bus/pci/devices': '0100\t12342342\t0\n' };

const found = (driver: string | null, files: FileChanges['files'] = {}) =>
  collectHost(openMadeUp(graceHost([hopper({ driver })]), { files })).coherentGpus.map(({ address }) => address);

test('a device that was given to the variant driver by hand counts, whatever its ids are', () => {
  expect(found('nvgrace_gpu_vfio_pci', FOREIGN)).toEqual([ADDRESS]);
  expect(found('nvgrace_gpu_vfio_pci', { ...FOREIGN, ...LIST })).toEqual([ADDRESS]);
});

test('a device of another vendor with another driver does not', () => {
  expect(found('vfio-pci', FOREIGN)).toEqual([]);
  expect(found(null, { ...FOREIGN, ...LIST })).toEqual([]);
});

test('a GPU that no driver has counts by its id', () => {
  expect(found(null)).toEqual([ADDRESS]);
  expect(found(null, { '/proc/bus/pci/devices': '0100\t10de2342\t0\n' })).toEqual([ADDRESS]);
});
