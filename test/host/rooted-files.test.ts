import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type HostFiles, readLinkName, readText, UnreadableFileError } from '../../src/host/files.ts';
import { type FileTree, memoryFiles } from '../../src/host/memory-files.ts';
import { snapshotFiles } from '../../src/host/snapshot/snapshot-files.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

/** A captured host in a real directory; beside it lies what must never be reached. */
function onDisk({ files, links }: FileTree): HostFiles {
  const outside = temporaryDirectory();
  const root = join(outside, 'root');
  mkdirSync(root);
  writeFileSync(join(outside, 'secret'), 'not of this host');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  return snapshotFiles(root);
}

const TREE: FileTree = {
  files: {
    '/sys/devices/pci9/0009:01:00.0/vendor': '0x10de\n',
    '/sys/bus/pci/drivers/nvgrace_gpu_vfio_pci/module': 'nvgrace\n',
    '/secret': 'of this host',
    '/empty': '',
    '/bytes': new Uint8Array([0, 255, 128]),
  },
  links: {
    '/sys/bus/pci/devices/0009:01:00.0': '../../../devices/pci9/0009:01:00.0',
    '/sys/devices/pci9/0009:01:00.0/driver': '../../../bus/pci/drivers/nvgrace_gpu_vfio_pci',
    '/absolute': '/sys/devices/pci9',
    '/above': '../../../../../secret',
    '/sys/above': '/../../secret',
    '/dangling': '/nowhere',
    '/circle': 'circle2',
    '/circle2': '/circle',
    '/itself/down': '../itself/down',
    '/sys/round': '../sys',
    '/sys/to-secret': '../secret',
    ...Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`/chain${i}`, i === 0 ? 'secret' : `chain${i - 1}`])),
  },
};

describe.each([
  ['a directory', onDisk],
  ['memory', memoryFiles],
])('a host in %s', (_title, open) => {
  test('gives text without the last newline, and bytes as they are', () => {
    const files = open(TREE);
    expect(readText(files, '/sys/devices/pci9/0009:01:00.0/vendor')).toBe('0x10de');
    expect(readText(files, '/empty')).toBe('');
    expect([...(files.readBytes('/bytes') ?? [])]).toEqual([0, 255, 128]);
  });

  test('follows links as the kernel does, relative and absolute', () => {
    const files = open(TREE);
    expect(readText(files, '/sys/bus/pci/devices/0009:01:00.0/vendor')).toBe('0x10de');
    expect(readText(files, '/absolute/0009:01:00.0/driver/module')).toBe('nvgrace');
    expect(readText(files, '/sys/bus/pci/devices/0009:01:00.0/../0009:01:00.0/vendor')).toBe('0x10de');
  });

  test('gives a link as it is written, and none where there is none', () => {
    const files = open(TREE);
    const link = '/sys/bus/pci/devices/0009:01:00.0/driver';
    expect(files.readLink(link)).toBe('../../../bus/pci/drivers/nvgrace_gpu_vfio_pci');
    expect(readLinkName(files, link)).toBe('nvgrace_gpu_vfio_pci');
    expect(files.readLink('/secret')).toBeNull();
    expect(files.readLink('/nothing')).toBeNull();
    expect(files.readLink('/dangling')).toBe('/nowhere');
  });

  test.each(['/above', '/sys/above', '/../secret', '/sys/../../../secret'])('%s never leaves the root', (path) => {
    expect(readText(open(TREE), path)).toBe('of this host');
  });

  test.each(['/circle', '/circle2', '/circle/below', '/itself/down', '/chain40'])('%s ends as ELOOP', (path) => {
    expect(() => open(TREE).readBytes(path)).toThrow(new UnreadableFileError(path, 'ELOOP'));
  });

  test('a link with a target longer than a path can be ends as ENAMETOOLONG', () => {
    const files = memoryFiles({
      files: {},
      links: { '/long': `${'a/'.repeat(2047)}ab`, '/longest': 'a/'.repeat(2047) },
    });
    expect(() => files.readBytes('/long')).toThrow(new UnreadableFileError('/long', 'ENAMETOOLONG'));
    expect(files.readBytes('/longest')).toBeNull();
  });

  test('follows as many links as Linux does', () => {
    expect(readText(open(TREE), '/chain39')).toBe('of this host');
  });

  test('counts the links of directories with those of files, however often the directories were followed', () => {
    const files = open(TREE);
    const down = (times: number) => `/sys/round${'/round'.repeat(times - 1)}`;
    expect(readText(files, `${down(40)}/devices/pci9/0009:01:00.0/vendor`)).toBe('0x10de');
    expect(() => files.readBytes(`${down(41)}/devices`)).toThrow(
      new UnreadableFileError(`${down(41)}/devices`, 'ELOOP'),
    );
    expect(readText(files, `${down(39)}/to-secret`)).toBe('of this host');
    expect(() => files.readBytes(`${down(40)}/to-secret`)).toThrow(
      new UnreadableFileError(`${down(40)}/to-secret`, 'ELOOP'),
    );
  });

  test('a path longer than the kernel takes ends as ENAMETOOLONG', () => {
    const longest = `${'/.'.repeat(2044)}/secret`;
    expect(longest).toHaveLength(4095);
    expect(readText(open(TREE), longest)).toBe('of this host');
    expect(() => open(TREE).readBytes(`/${longest}`)).toThrow(new UnreadableFileError(`/${longest}`, 'ENAMETOOLONG'));
  });

  test('links one in the other, each with as long a target as there can be, end as Linux has them end', () => {
    // Each begins with the next, so that all are open before the first has ended.
    const target = (next: string) => `${next}${'/a/..'.repeat(818)}`;
    const chain = (length: number): FileTree => ({
      files: { '/end/a/b': '', '/end/file': 'of this host' },
      links: Object.fromEntries(
        Array.from({ length }, (_, i) => [`/${i}`, target(i === length - 1 ? 'end' : `${i + 1}`)]),
      ),
    });
    expect(target('end').length).toBeGreaterThan(4090);
    expect(readText(open(chain(40)), '/0/file')).toBe('of this host');
    expect(() => open(chain(41)).readBytes('/0/file')).toThrow(new UnreadableFileError('/0/file', 'ELOOP'));
  });

  test('links that each lead a long way down, and would together lead out of every bound, are refused', () => {
    const way = 'a/'.repeat(1000);
    const files = memoryFiles({
      files: { [`/${'a/'.repeat(6000)}end`]: '' },
      links: Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`/${'a/'.repeat(1000 * i)}on`, `${way}on`])),
    });
    expect(() => files.readBytes('/on')).toThrow(new UnreadableFileError('/on', 'ENAMETOOLONG'));
  });

  test('lists names in order, and nothing where there is no directory', () => {
    const files = open(TREE);
    expect(files.list('/sys/bus/pci')).toEqual(['devices', 'drivers']);
    expect(files.list('/sys/bus/pci/devices/0009:01:00.0')).toEqual(['driver', 'vendor']);
    expect(files.list('/nothing')).toEqual([]);
    expect(files.list('/secret')).toEqual([]);
    expect(files.list('/dangling')).toEqual([]);
  });

  test('a file has nothing below it', () => {
    expect(open(TREE).readBytes('/secret/below')).toBeNull();
    expect(open(TREE).list('/secret/below')).toEqual([]);
  });

  test.each(['/nothing', '/nothing/below', '/dangling', '/dangling/below'])('%s is absent, which is null', (path) => {
    expect(open(TREE).readBytes(path)).toBeNull();
  });

  test('a directory is there and cannot be read, which is told as any other error', () => {
    expect(() => open(TREE).readBytes('/sys/bus')).toThrow(
      expect.objectContaining({
        kind: 'check',
        code: 'host.unreadable-file',
        message: '/sys/bus cannot be read: EISDIR',
        suggestions: ['ls -ld /sys/bus'],
      }),
    );
    expect(() => open(TREE).readBytes('/sys/bus')).toThrow(new UnreadableFileError('/sys/bus', 'EISDIR'));
  });
});
