import { expect, test } from 'vitest';
import { type HostFiles, readText, UnreadableFileError } from '../../../src/host/files.ts';
import { type FileTree, memoryFiles } from '../../../src/host/memory-files.ts';
import { recordingFiles } from '../../../src/host/snapshot/recording-files.ts';
import fc from '../../fixtures/fast-check.ts';

const HOST: FileTree = {
  files: {
    '/sys/devices/pci9/0009:00:00.0/0009:01:00.0/vendor': '0x10de\n',
    '/sys/devices/pci9/0009:00:00.0/0009:01:00.0/serial': 'nobody asks for it',
    '/sys/devices/pci9/0009:00:00.0/0009:02:00.0/vendor': '0x8086\n',
    '/proc/cmdline': 'quiet\n',
    '/etc/shadow': 'not of interest',
  },
  links: {
    '/sys/bus/pci/devices/0009:01:00.0': '../../../devices/pci9/0009:00:00.0/0009:01:00.0',
    '/sys/bus/pci/devices/0009:02:00.0': '../../../devices/pci9/0009:00:00.0/0009:02:00.0',
    '/sys/devices/pci9/0009:00:00.0/0009:01:00.0/driver': '../../../../bus/pci/drivers/nvgrace_gpu_vfio_pci',
    '/lib': 'usr/lib',
    '/circle': 'circle',
  },
  unread: { '/sys/firmware/acpi/tables/DSDT': 'EACCES', '/proc/1/fd': 'EACCES' },
};

/** What a question is answered with, an error included. */
function answer(files: HostFiles, [kind, path]: readonly [keyof HostFiles, string]): unknown {
  try {
    const given = files[kind](path);
    return given instanceof Uint8Array ? [...given] : given;
  } catch (error) {
    if (error instanceof UnreadableFileError) return { path: error.path, errno: error.errno };
    throw error;
  }
}

function record(tree: FileTree, questions: readonly (readonly [keyof HostFiles, string])[]) {
  const recording = recordingFiles(memoryFiles(tree));
  const answers = questions.map((question) => answer(recording.files, question));
  return { answers, recorded: recording.recorded() };
}

test('a file is recorded with the links that lead to it, and nothing else is', () => {
  const { recorded } = record(HOST, [['readBytes', '/sys/bus/pci/devices/0009:01:00.0/vendor']]);
  expect(Object.keys(recorded.files)).toEqual(['/sys/devices/pci9/0009:00:00.0/0009:01:00.0/vendor']);
  expect(recorded.links).toEqual({
    '/sys/bus/pci/devices/0009:01:00.0': '../../../devices/pci9/0009:00:00.0/0009:01:00.0',
  });
  expect(recorded.unread).toEqual({});
  expect(readText(memoryFiles(recorded), '/sys/bus/pci/devices/0009:01:00.0/vendor')).toBe('0x10de');
});

test('a link is recorded without what it leads to', () => {
  const { recorded } = record(HOST, [['readLink', '/sys/bus/pci/devices/0009:01:00.0/driver']]);
  expect(recorded).toEqual({
    files: {},
    links: {
      '/sys/bus/pci/devices/0009:01:00.0': '../../../devices/pci9/0009:00:00.0/0009:01:00.0',
      '/sys/devices/pci9/0009:00:00.0/0009:01:00.0/driver': '../../../../bus/pci/drivers/nvgrace_gpu_vfio_pci',
    },
    unread: {},
  });
});

test('a listing is recorded by its names', () => {
  const { recorded } = record(HOST, [
    ['list', '/sys/bus/pci/devices/0009:01:00.0'],
    ['list', '/sys/firmware/acpi/tables'],
    ['readBytes', '/sys/bus/pci/devices/0009:01:00.0/vendor'],
  ]);
  const device = '/sys/devices/pci9/0009:00:00.0/0009:01:00.0';
  expect(Object.keys(recorded.files)).toEqual([`${device}/vendor`]);
  expect(recorded.unread).toEqual({
    [`${device}/serial`]: null,
    [`${device}/driver`]: null,
    '/sys/firmware/acpi/tables/DSDT': null,
  });
  const replayed = memoryFiles(recorded);
  expect(replayed.list('/sys/bus/pci/devices/0009:01:00.0')).toEqual(['driver', 'serial', 'vendor']);
  expect(readText(replayed, `${device}/serial`)).toBeNull();
});

test('what refuses to be read refuses again, with its errno', () => {
  const { recorded } = record(HOST, [
    ['readBytes', '/sys/firmware/acpi/tables/DSDT'],
    ['list', '/proc/1/fd'],
  ]);
  expect(recorded.unread).toEqual({ '/sys/firmware/acpi/tables/DSDT': 'EACCES', '/proc/1/fd': 'EACCES' });
  const replayed = memoryFiles(recorded);
  expect(() => replayed.readBytes('/sys/firmware/acpi/tables/DSDT')).toThrow(
    new UnreadableFileError('/sys/firmware/acpi/tables/DSDT', 'EACCES'),
  );
  expect(() => replayed.list('/proc/1/fd')).toThrow(new UnreadableFileError('/proc/1/fd', 'EACCES'));
});

test('what is absent leaves nothing behind', () => {
  const { recorded } = record(HOST, [
    ['readBytes', '/proc/config.gz'],
    ['list', '/sys/class/iommu'],
    ['readLink', '/proc/cmdline'],
  ]);
  expect(recorded).toEqual({ files: {}, links: {}, unread: {} });
});

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);
const step = fc.constantFrom('a', 'b', 'c', '..', '.');
/** As the kernel writes them: up, and then down. */
const target = fc
  .tuple(fc.constantFrom('/', './', '../', '../../'), fc.array(name, { minLength: 1, maxLength: 3 }))
  .map(([up, down]) => `${up}${down.join('/')}`);
const tree = fc
  .array(
    fc.tuple(
      path,
      fc.oneof(
        fc.record({ kind: fc.constant('files' as const), value: fc.string() }),
        fc.record({ kind: fc.constant('links' as const), value: target }),
        fc.record({ kind: fc.constant('unread' as const), value: fc.constantFrom('EACCES', 'EIO') }),
      ),
    ),
    { maxLength: 8 },
  )
  .map((entries): FileTree => {
    const taken: string[] = [];
    const made = {
      files: {} as Record<string, string>,
      links: {} as Record<string, string>,
      unread: {} as Record<string, string>,
    };
    for (const [at, { kind, value }] of entries) {
      if (taken.some((other) => other === at || other.startsWith(`${at}/`) || at.startsWith(`${other}/`))) continue;
      taken.push(at);
      made[kind][at] = value;
    }
    return made;
  });
const question = fc.tuple(
  fc.constantFrom('readBytes' as const, 'list' as const, 'readLink' as const),
  fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => `/${steps.join('/')}`),
);

test('whatever is asked of whatever host, what was recorded answers the same', () => {
  fc.assert(
    fc.property(tree, fc.array(question, { minLength: 1, maxLength: 12 }), (host, questions) => {
      const { answers, recorded } = record(host, questions);
      expect(answers).toEqual(questions.map((one) => answer(memoryFiles(host), one)));
      expect(questions.map((one) => answer(memoryFiles(recorded), one))).toEqual(answers);
    }),
    { numRuns: 2000 },
  );
});
