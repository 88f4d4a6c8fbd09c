import { spawnSync } from 'node:child_process';
import { closeSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openNameless } from '../../src/host/programs/nameless-file.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { withEnvironment } from '../libvirt/kit/fake-virsh.ts';

test('a program reads it from standard input as often as it likes, and there is no file', () => {
  const directory = temporaryDirectory();
  withEnvironment({ TMPDIR: directory });
  const file = openNameless('text\n');
  const { stdout } = spawnSync('cat', ['/proc/self/fd/0', '/proc/self/fd/0'], { stdio: [file, 'pipe', 'inherit'] });
  closeSync(file);
  expect(`${stdout}`).toBe('text\ntext\n');
  expect(readdirSync(directory)).toEqual([]);
});

test('a directory that takes no files is named, with what the kernel said', () => {
  const directory = `${temporaryDirectory()}/none here`;
  withEnvironment({ TMPDIR: directory });
  expect(() => openNameless('')).toThrow(
    expect.objectContaining({
      code: 'file.unwritable',
      message: `no temporary file in ${directory}: mkdtemp: ENOENT`,
      suggestions: [`df '${directory}'`, 'export TMPDIR=/var/tmp'],
    }),
  );
});
