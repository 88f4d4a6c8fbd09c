import { expect, test } from 'vitest';
import { collectHost } from '../../src/host/facts.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { BRIDGE, openPower9, TARGET, V100 } from '../fixtures/power9-host.ts';

const WINDOW = { base: 0x400_0000_0000n, sizeBytes: 128n << 30n };
const NODE = '/sys/firmware/devicetree/base/pciex@600c3c0006/bus@00/function@00.0';

function nvlinkOf(files: Record<string, string | Uint8Array | null> = {}) {
  return collectHost(openPower9({}, { files })).nvlinks.get(V100) ?? null;
}

test('the device tree says which bridges a GPU has, and where its memory is', () => {
  const nvlink = nvlinkOf();
  expect(nvlink).toMatchObject({ window: WINDOW, target: TARGET });
  expect(nvlink?.bridges.map(({ address, driver, iommuGroup }) => [address, driver, iommuGroup])).toEqual([
    [BRIDGE, 'vfio-pci', '4'],
    ['0006:00:00.1', 'vfio-pci', '4'],
    ['0006:00:00.2', 'vfio-pci', '4'],
  ]);
});

test('a host with such GPUs has them for coherent ones, whatever their ids are', () => {
  const host = openPower9({}, { files: { [`/sys/bus/pci/devices/${V100}/device`]: '0xffff\n' } });
  expect(collectHost(host).coherentGpus.map(({ address }) => address)).toEqual([V100, '0004:05:00.0']);
});

test('a GPU without NVLinks to the processor is none, and Grace has none', () => {
  const node = '/sys/firmware/devicetree/base/pciex@600c3c0004/bus@04/function@00.0/ibm,npu';
  const host = openPower9({}, { files: { [node]: null } });
  expect(collectHost(host).coherentGpus.map(({ address }) => address)).toEqual(['0004:05:00.0']);
  expect(collectHost(openMadeUp(graceHost([hopper()]))).nvlinks.size).toBe(0);
});

test.each<[string, Record<string, null | Uint8Array>, object]>([
  ['memory-region', { [`${NODE}/memory-region`]: null }, { window: null, target: TARGET }],
  ['target', { [`${NODE}/ibm,device-tgt-addr`]: null }, { window: WINDOW, target: null }],
  ['target, cut short', { [`${NODE}/ibm,device-tgt-addr`]: Buffer.alloc(7) }, { window: WINDOW, target: null }],
  ['window', { '/sys/firmware/devicetree/base/memory@40000000000/reg': null }, { window: null, target: TARGET }],
  ['node of memory', { '/sys/firmware/devicetree/base/memory@40000000000/phandle': null }, { window: null }],
])('what the tree leaves out is not known: %s', (_title, files, expected) => {
  expect(nvlinkOf(files)).toMatchObject(expected);
});

test('a POWER host without such a GPU is not supported, and nobody speaks of ACPI there', async () => {
  const files = { '/proc/sys/kernel/arch': 'ppc64le\n' };
  const host = openPower9({ npus: [] }, { files });
  await expect(collectGpus(host, [], { open: true })).rejects.toThrow(
    expect.objectContaining({
      kind: 'unsupported',
      code: 'platform.unsupported',
      message: 'made-up has no GPU with NVLinks to its processor (ppc64le)',
    }),
  );
});
