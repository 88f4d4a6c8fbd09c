import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compareVersions, parseKernelVersion, readKernelFacts } from '../../src/host/kernel/kernel.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';

const read = (files: Record<string, string | Uint8Array>, release: string | null = '6.12.107+deb13-arm64') =>
  readKernelFacts(memoryFiles({ files, links: {} }), release, 'aarch64');

describe('the version', () => {
  test.each<[string | null, readonly number[] | null]>([
    ['6.12.107+deb13-arm64', [6, 12, 107]],
    ['6.8.0-1021-nvidia-64k', [6, 8, 0]],
    ['7.3-rc2', [7, 3, 0]],
    ['6.14', [6, 14, 0]],
    ['linux', null],
    [null, null],
  ])('of %j is %j', (release, version) => {
    expect(parseKernelVersion(release)).toEqual(version);
  });

  test.each<[number[], number[], number]>([
    [[6, 12, 16], [6, 12, 16], 0],
    [[6, 9], [6, 10], -1],
    [[10, 0, 2], [9, 2], 1],
    [[6, 14], [6, 14, 0], 0],
    [[6, 14], [6, 14, 1], -1],
  ])('%j against %j gives %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe('the build options', () => {
  const text = 'CONFIG_VFIO=m\n# CONFIG_IOMMUFD is not set\nCONFIG_NODES_SHIFT=4\nCONFIG_CC="gcc a=b"\n';
  const options = new Map([
    ['VFIO', 'm'],
    ['NODES_SHIFT', '4'],
    ['CC', '"gcc a=b"'],
  ]);

  test('come from /proc/config.gz', () => {
    const files = { '/proc/config.gz': gzipSync(text), '/boot/config-6.12.107+deb13-arm64': 'CONFIG_VFIO=y\n' };
    expect(read(files).config).toEqual(options);
  });

  test('come from /boot where the kernel does not carry them', () => {
    expect(read({ '/boot/config-6.12.107+deb13-arm64': text }).config).toEqual(options);
  });

  test('come from /boot where what the kernel carries is cut short', () => {
    const files = { '/proc/config.gz': gzipSync(text).subarray(0, 20), '/boot/config-6.12.107+deb13-arm64': text };
    expect(read(files).config).toEqual(options);
    expect(read({ '/proc/config.gz': new Uint8Array([1, 2, 3]) }).config).toBeNull();
  });

  test('of another kernel are not taken', () => {
    expect(read({ '/boot/config-6.12.106+deb13-arm64': text }).config).toBeNull();
    expect(read({ '/boot/config-6.12.107+deb13-arm64': text }, null).config).toBeNull();
  });
});

test('what is not there is null', () => {
  expect(read({}, null)).toEqual({ release: null, version: null, machine: 'aarch64', config: null, commandLine: null });
});
