import { describe, expect, test } from 'vitest';
import { readIort } from '../../src/host/acpi/iort.ts';
import { writeIort } from '../../src/host/builtin/iort-writer.ts';
import { kernelArgument } from '../../src/host/kernel/kernel-argument.ts';
import { readLockLimit } from '../../src/host/kernel/lock-limit.ts';
import { localFiles } from '../../src/host/local-files.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { readCpuSettings } from '../../src/host/numa/cpus.ts';
import { readPageBytes } from '../../src/host/numa/page-size.ts';

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
  const unit = limit?.unit === null ? null : expect.stringMatching(/\.service$/);
  expect(limit).toEqual({
    bytes: limit?.bytes === null ? null : expect.any(BigInt),
    exempt: expect.any(Boolean),
    unit,
  });
});

test.each<[string, string | null]>([
  ['0::/system.slice/ci-runner@2.service\n', 'ci-runner@2.service'],
  ['0::/system.slice/ci.service/job-1\n', 'ci.service'],
  ['0::/system.slice/system-ci.slice/ci@1.service\n', 'ci@1.service'],
  ['9:memory:/\n1:name=systemd:/system.slice/ci.service\n', 'ci.service'],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.service\n', null],
  ['0::/user.slice/user-1000.slice/session-3.scope\n', null],
  ['0::/system.slice/$(reboot).service\n', null],
  ['', null],
])('of the control groups %j the service is %j', (cgroup, unit) => {
  const files = filesOf({
    '/proc/self/limits': 'Max locked memory  8388608  8388608  bytes\n',
    '/proc/self/status': 'CapEff:\t0000000000000000\n',
    '/proc/self/cgroup': cgroup,
  });
  expect(readLockLimit(files)).toEqual({ bytes: 8388608n, exempt: false, unit });
});

describe('CPUs', () => {
  test('are those of this process, and what the kernel sets aside', () => {
    const files = filesOf({
      '/proc/self/status': 'Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,6\nMems_allowed_list:\t0\n',
      '/sys/devices/system/cpu/isolated': '3,6\n',
      '/sys/devices/system/cpu/nohz_full': '2-3\n',
    });
    expect(readCpuSettings(files)).toEqual({ allowed: [0, 1, 2, 3, 6], setAside: [2, 3, 6] });
  });

  test('are not known where /proc does not say; a kernel without nohz_full sets none aside', () => {
    const files = filesOf({
      '/sys/devices/system/cpu/isolated': '\n',
      '/sys/devices/system/cpu/nohz_full': '(null)\n',
    });
    expect(readCpuSettings(files)).toEqual({ allowed: null, setAside: [] });
  });

  test('of this machine are some', () => {
    expect(readCpuSettings(localFiles).allowed?.length).toBeGreaterThan(0);
  });
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
