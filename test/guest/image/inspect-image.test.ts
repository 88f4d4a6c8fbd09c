import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { inspectImage } from '../../../src/guest/image/inspect-image.ts';
import { requireDiskSize } from '../../../src/guest/image/overlay.ts';
import { temporaryDirectory } from '../../fixtures/temporary-directory.ts';
import { withEnvironment } from '../../libvirt/kit/fake-virsh.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

const GIB = 1n << 30n;
const file = (name: string) => join(directory, name);
const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { stdio: 'ignore' });

test.each(['qcow2', 'raw'] as const)('a %s image, and how large its disk is', async (format) => {
  const path = file('with space, and comma.img');
  qemuImg('create', '-f', format, path, '1G');
  expect(await inspectImage(path)).toEqual({ path, format, virtualSizeBytes: GIB });
});

test('an image over another one', async () => {
  qemuImg('create', '-f', 'raw', file('base.raw'), '1G');
  qemuImg('create', '-f', 'qcow2', '-b', file('base.raw'), '-F', 'raw', file('top.qcow2'), '2G');
  expect(await inspectImage(file('top.qcow2'))).toMatchObject({ format: 'qcow2', virtualSizeBytes: 2n * GIB });
});

describe('what is refused', () => {
  const refusal = (name: string) =>
    inspectImage(file(name)).then(
      () => null,
      ({ code, message, suggestions }) => ({ code, message: message.replaceAll(directory, ''), suggestions }),
    );

  test('a file that is not there, and one that is a directory', async () => {
    expect(await refusal('none.qcow2')).toMatchObject({
      code: 'image.unreadable',
      message: '--image /none.qcow2: ENOENT',
    });
    expect(await refusal('.')).toMatchObject({ code: 'image.unreadable', message: expect.stringContaining('EISDIR') });
  });

  test('another format, with the command that makes it one of ours', async () => {
    qemuImg('create', '-f', 'vmdk', file('disk.vmdk'), '1G');
    expect(await refusal('disk.vmdk')).toEqual({
      code: 'image.format',
      message: '--image /disk.vmdk: its format is vmdk, and guests are made from qcow2 and raw images',
      suggestions: [`qemu-img convert -O qcow2 ${file('disk.vmdk')} ${file('disk.qcow2')}`],
    });
  });

  test('a compressed file', async () => {
    writeFileSync(file('disk.qcow2.gz'), gzipSync('x'.repeat(4096)));
    expect(await refusal('disk.qcow2.gz')).toEqual({
      code: 'image.compressed',
      message: '--image /disk.qcow2.gz: it is compressed',
      suggestions: [`gzip --decompress --keep ${file('disk.qcow2.gz')}`],
    });
  });

  test('an encrypted image', async () => {
    const options = 'encrypt.format=aes,encrypt.key-secret=s';
    qemuImg('create', '--object', 'secret,id=s,data=x', '-f', 'qcow2', '-o', options, file('secret.qcow2'), '1M');
    expect(await refusal('secret.qcow2')).toMatchObject({ code: 'image.encrypted' });
  });

  test('an image whose base is gone, anywhere below it', async () => {
    qemuImg('create', '-f', 'qcow2', file('base.qcow2'), '1G');
    qemuImg('create', '-f', 'qcow2', '-b', file('base.qcow2'), '-F', 'qcow2', file('middle.qcow2'));
    qemuImg('create', '-f', 'qcow2', '-b', file('middle.qcow2'), '-F', 'qcow2', file('top.qcow2'));
    rmSync(file('base.qcow2'));
    expect(await refusal('top.qcow2')).toMatchObject({
      code: 'image.backing-missing',
      message: expect.stringMatching(
        /^--image \/top\.qcow2: a file that it is based on cannot be opened: .*base\.qcow2.*No such file/,
      ),
    });
  });

  test('an empty file, and a broken one', async () => {
    writeFileSync(file('empty'), '');
    expect(await refusal('empty')).toMatchObject({ code: 'image.empty', message: '--image /empty: it is empty' });
    qemuImg('create', '-f', 'qcow2', file('whole.qcow2'), '1G');
    copyFileSync(file('whole.qcow2'), file('cut.qcow2'));
    truncateSync(file('cut.qcow2'), 40);
    expect(await refusal('cut.qcow2')).toMatchObject({ code: 'image.unreadable' });
  });

  test('without qemu-img, its package is named', async () => {
    qemuImg('create', '-f', 'qcow2', file('whole.qcow2'), '1M');
    withEnvironment({ PATH: '/nowhere' });
    expect(await refusal('whole.qcow2')).toMatchObject({
      code: 'tool.missing',
      message: 'qemu-img is not on PATH',
      suggestions: ['apt-get install qemu-utils', 'dnf install qemu-img'],
    });
  });
});

describe('the size of the disk over it', () => {
  const image = { path: '/srv/base.qcow2', format: 'qcow2', virtualSizeBytes: 3n * GIB } as const;

  test('is the size of the image, or a larger one that was asked for', () => {
    expect(requireDiskSize(image, null)).toBe(3n * GIB);
    expect(requireDiskSize(image, 3n * GIB)).toBe(3n * GIB);
    expect(requireDiskSize(image, 100n * GIB)).toBe(100n * GIB);
  });

  test('is never smaller', () => {
    expect(() => requireDiskSize(image, 2n * GIB)).toThrow(
      '--disk-size 2 GiB is less than the 3 GiB of /srv/base.qcow2: a disk can be made larger than its image, never smaller',
    );
  });
});
