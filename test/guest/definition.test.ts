import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesToRemove, makeDefinition, removeDefinition } from '../../src/guest/definition/definition.ts';
import { definedGuests, type GuestDefinition, readDefinition } from '../../src/guest/definition/definition-schema.ts';
import type { Change } from '../../src/host/journal-lines.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const DEFINITION: GuestDefinition = {
  schemaVersion: 1,
  backend: 'libvirt',
  request: {
    name: 'demo',
    memoryBytes: 2n ** 60n + 1n,
    vcpus: 4,
    accelerator: null,
    iommufd: null,
    boot: { kernel: '/k', initrd: null, append: null, disks: [{ path: '/d.qcow2', format: 'qcow2' }] },
    network: { link: { kind: 'bridge', bridge: 'br0' }, mac: '52:54:00:12:34:56' },
    placement: { hugePages: 2n ** 29n, pin: true, smmu: 'auto' },
  },
  gpus: ['0009:01:00.0'],
  bind: true,
  domain: { uri: 'qemu:///system', uuid: '6c5b1d3e-0000-4000-8000-000000000000', managed: false, profile: 'auto' },
  files: ['disk.qcow2'],
};

function made(definition = DEFINITION) {
  const guests = join(temporaryDirectory(), 'state/guests');
  const changes: Change[] = [];
  const path = makeDefinition(guests, definition, { record: (change) => changes.push(change) });
  return { guests, path, changes };
}

test('what is written is what is read, to the last byte of a size', () => {
  const { guests, path, changes } = made();
  expect(readDefinition(guests, 'demo')).toEqual(DEFINITION);
  expect(changes).toEqual([{ kind: 'definition', path }]);
  expect(definedGuests(guests)).toEqual(['demo']);
  expect(readdirSync(path)).toEqual(['guest.json']);
});

test('others go through the directory, and read nothing in it, whatever the umask is', () => {
  const before = process.umask(0o077);
  try {
    const { path } = made();
    const modes = [join(path, '../..'), join(path, '..'), path, join(path, 'guest.json')].map((one) =>
      (statSync(one).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['711', '711', '711', '600']);
  } finally {
    process.umask(before);
  }
});

test('there is no guest where there is no directory', () => {
  const guests = temporaryDirectory();
  expect(readDefinition(guests, 'demo')).toBeNull();
  expect(definedGuests(join(guests, 'none'))).toEqual([]);
});

test('a directory that is there is not taken over', () => {
  const { guests } = made();
  expect(() => makeDefinition(guests, DEFINITION, { record: () => undefined })).toThrow(
    expect.objectContaining({
      code: 'guest.exists',
      message: `there is a guest named demo already: ${join(guests, 'demo')}`,
    }),
  );
});

test.each([
  ['of a later ghpass', (text: string) => text.replace('"schemaVersion": 1', '"schemaVersion": 2'), /schemaVersion/],
  ['with a size that is none', (text: string) => text.replace('"1152921504606846977"', '"lots"'), /memoryBytes/],
  ['with a file elsewhere', (text: string) => text.replace('"disk.qcow2"', '"../../disk.qcow2"'), /files/],
  ['cut short', (text: string) => text.slice(0, 40), /it is no JSON/],
])('a definition %s is refused with its path', (_how, change, why) => {
  const { guests, path } = made();
  const file = join(path, 'guest.json');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  expect(() => readDefinition(guests, 'demo')).toThrow(
    expect.objectContaining({ code: 'guest.definition-broken', message: expect.stringMatching(why) }),
  );
});

test('what ghpass made goes, the definition last, and the directory with it', () => {
  const { path } = made();
  for (const name of ['disk.qcow2', 'guest.json.1-2.draft']) writeFileSync(join(path, name), '');
  expect(filesToRemove(path)).toEqual(
    ['disk.qcow2', 'guest.json.1-2.draft', 'guest.json'].map((name) => join(path, name)),
  );
  removeDefinition(path);
  expect(existsSync(path)).toBe(false);
  removeDefinition(path);
});

test('what somebody else put there stays, also where the definition names a path outside', () => {
  const { path } = made();
  const outside = join(path, '../mine');
  writeFileSync(outside, '');
  mkdirSync(join(path, 'theirs'));
  const file = join(path, 'guest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('disk.qcow2', '../mine'));
  removeDefinition(path);
  expect([existsSync(outside), readdirSync(path)]).toEqual([true, ['theirs']]);
});
