import { describe, expect, test } from 'vitest';
import { readIort } from '../../src/host/acpi/iort.ts';
import { writeIort } from '../../src/host/builtin/iort-writer.ts';
import { kernelArgument } from '../../src/host/kernel-argument.ts';
import { localFiles } from '../../src/host/local-files.ts';
import { readLockLimit } from '../../src/host/lock-limit.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { readPageBytes } from '../../src/host/page-size.ts';

const filesOf = (files: Record<string, string | Uint8Array>) => memoryFiles({ files, links: {} });

/** Pairs of type and value, as the kernel puts them on a new stack. */
const auxiliaryVector = (...pairs: [number, number][]) =>
  new Uint8Array(new BigUint64Array(pairs.flat().map(BigInt)).buffer);

describe('the size of a page', () => {
  test('is what the kernel told the process', () => {
    const files = filesOf({ '/proc/self/auxv': auxiliaryVector([16, 255], [6, 65536], [0, 0]) });
    expect(readPageBytes(files, new Map([['ARM64_4K_PAGES', 'y']]))).toBe(65536n);
  });

  test.each([
    ['ARM64_4K_PAGES', 4096n],
    ['ARM64_16K_PAGES', 16384n],
    ['ARM64_64K_PAGES', 65536n],
    ['X86_64', null],
  ])('is what the kernel was built with where it told nothing: %s', (option, bytes) => {
    const vectors = [{}, { '/proc/self/auxv': auxiliaryVector([16, 255]) }, { '/proc/self/auxv': new Uint8Array(7) }];
    for (const files of vectors) expect(readPageBytes(filesOf(files), new Map([[option, 'y']]))).toBe(bytes);
  });

  test('on this machine is that of its kernel', () => {
    expect([4096n, 16384n, 65536n]).toContain(readPageBytes(localFiles, null));
  });
});

test('the limit for locked memory is read from a real kernel', () => {
  const limit = readLockLimit(localFiles);
  expect(limit).toEqual({ bytes: limit?.bytes === null ? null : expect.any(BigInt), exempt: expect.any(Boolean) });
});

test.each([
  ['quiet iommu.passthrough=1', '1'],
  ['iommu.passthrough=1 iommu.passthrough=0', '0'],
  ['iommu.passthrough quiet', ''],
  ['xiommu.passthrough=1 iommu.passthrough2=1', null],
  ['', null],
])('iommu.passthrough in %j is %j', (commandLine, value) => {
  expect(kernelArgument(commandLine, 'iommu.passthrough')).toBe(value);
});

describe('the IORT', () => {
  const table = writeIort([0x1100_0000n], { itsGroups: 2 });

  test('says which SMMUs and ITSs there are', () => {
    expect(readIort(table)).toEqual({ smmus: [{ base: 0x1100_0000n, coherent: true }], itsGroups: 2 });
  });

  test('is read past nodes of other kinds', () => {
    const other = Uint8Array.from(table);
    other[48] = 2;
    expect(readIort(other)).toEqual({ smmus: [{ base: 0x1100_0000n, coherent: true }], itsGroups: 1 });
  });

  test('that is cut short anywhere is none', () => {
    for (let length = 0; length < table.length; length += 1) expect(readIort(table.slice(0, length))).toBeNull();
  });

  test('with a node that is too short for its own header is none', () => {
    const broken = Uint8Array.from(table);
    broken[49] = 3;
    expect(readIort(broken)).toBeNull();
  });
});
