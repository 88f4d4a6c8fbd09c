import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar, type TarHeader } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { packSnapshot, unpackSnapshot } from '../../../src/host/snapshot/archive.ts';

const LONG = `/sys/devices/${'pci0009:00/'.repeat(30)}vendor`;
const TREE = {
  files: { '/proc/cmdline': 'quiet\n', [LONG]: '0x10de\n', '/empty': '', '/bytes': new Uint8Array([0, 255, 128]) },
  links: {
    '/sys/bus/pci/devices/0009:01:00.0': '../../../devices/pci9',
    '/long': 'a/'.repeat(100),
    '/up': '../../etc',
  },
};
const UNREAD = { '/sys/firmware/acpi/tables/DSDT': 'EACCES', '/proc/1': null };

type Entry = Partial<TarHeader> & { name: string; body?: string };

async function archive(...entries: Entry[]): Promise<Buffer> {
  const packed = await packTar(
    entries.map(({ body = '', ...header }) => {
      return { header: { size: body.length, mtime: new Date(0), ...header } as TarHeader, body };
    }),
  );
  return gzipSync(packed);
}

/** The message of the refusal. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await unpackSnapshot('h.tar.gz', bytes).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ kind: 'usage', code: 'host.snapshot-broken' });
  return (error as Error).message;
}

test('what was packed comes out again', async () => {
  const { files, links, unread } = await unpackSnapshot('h.tar.gz', await packSnapshot(TREE));
  const texts = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, [...Buffer.from(bytes)]]));
  const expected = Object.entries(TREE.files).map(([path, content]) => [path, [...Buffer.from(content)]]);
  expect(texts).toEqual(Object.fromEntries(expected));
  expect({ ...links }).toEqual(TREE.links);
  expect(unread).toEqual({});
});

test('what is known by name only comes out of its file', async () => {
  const files = { '/ghpass/unread.json': JSON.stringify(UNREAD) };
  expect(await unpackSnapshot('h.tar.gz', await packSnapshot({ files, links: {} }))).toMatchObject({ unread: UNREAD });
});

test('the same files are the same bytes, in whatever order they were read', async () => {
  const reversed = {
    files: Object.fromEntries(Object.entries(TREE.files).reverse()),
    links: Object.fromEntries(Object.entries(TREE.links).reverse()),
  };
  const [one, other] = await Promise.all([packSnapshot(TREE), packSnapshot(reversed)]);
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(hash(one)).toBe(hash(other));
});

test('an archive that tar made of a directory is taken, with ./ before its paths and entries for directories', async () => {
  const bytes = await archive(
    { name: './', type: 'directory' },
    { name: './proc/', type: 'directory' },
    { name: './proc/cmdline', type: 'file', body: 'quiet\n' },
    { name: '/absolute', type: 'file', body: 'below the root of the snapshot' },
  );
  const { files } = await unpackSnapshot('h.tar.gz', bytes);
  expect(Object.keys(files)).toEqual(['/proc/cmdline', '/absolute']);
});

describe('refused is', () => {
  const FILE = { name: 'proc/cmdline', type: 'file', body: 'quiet\n' } as const;

  test.each<[string, Entry[], string]>([
    [
      'a path that leaves the root',
      [{ ...FILE, name: '../etc/passwd' }],
      'h.tar.gz: "../etc/passwd": its path has ".." in it',
    ],
    ['… from inside', [{ ...FILE, name: 'a/../../b' }], 'h.tar.gz: "a/../../b": its path has ".." in it'],
    [
      'a file twice',
      [FILE, { ...FILE, name: './proc/cmdline' }],
      'h.tar.gz: /proc/cmdline: it is in the archive twice',
    ],
    [
      'a link twice',
      [FILE, { name: 'proc/cmdline', type: 'symlink', linkname: 'a' }],
      'h.tar.gz: /proc/cmdline: it is in the archive twice',
    ],
    [
      'a file below a file',
      [FILE, { ...FILE, name: 'proc/cmdline/below' }],
      'h.tar.gz: /proc/cmdline/below: it lies below what is no directory',
    ],
    [
      'a file below a link',
      [
        { name: 'a', type: 'symlink', linkname: '/etc' },
        { ...FILE, name: 'a/b' },
      ],
      'h.tar.gz: /a/b: it lies below what is no directory',
    ],
    [
      'a hard link',
      [FILE, { name: 'hard', type: 'link', linkname: 'proc/cmdline' }],
      'h.tar.gz: /hard: a link; there are files, directories and symbolic links only',
    ],
    [
      'a device',
      [{ name: 'dev/sda', type: 'block-device' }],
      'h.tar.gz: /dev/sda: a block-device; there are files, directories and symbolic links only',
    ],
    [
      'a pipe',
      [{ name: 'pipe', type: 'fifo' }],
      'h.tar.gz: /pipe: a fifo; there are files, directories and symbolic links only',
    ],
    ['a link to nowhere', [{ name: 'link', type: 'symlink', linkname: '' }], 'h.tar.gz: /link: a link to nowhere'],
    [
      'a path that no kernel takes',
      [{ ...FILE, name: `${'a/'.repeat(2100)}b` }],
      `h.tar.gz: /${'a/'.repeat(31)}a…: its path is too long`,
    ],
    [
      'a target that no kernel takes',
      [{ name: 'l', type: 'symlink', linkname: 'a'.repeat(4097) }],
      'h.tar.gz: /l: the target of the link is too long',
    ],
  ])('%s', async (_what, entries, message) => {
    expect(await refusal(await archive(...entries))).toBe(message);
  });

  test('what is no gzip file', async () => {
    expect(await refusal(Buffer.from('PK\u0003\u0004'))).toBe('h.tar.gz: no gzip file (incorrect header check)');
    expect(await refusal(Buffer.alloc(0))).toMatch(/^h\.tar\.gz: /);
  });

  test('what is no archive', async () => {
    expect(await refusal(gzipSync('no tar'.repeat(200)))).toBe(
      'h.tar.gz: no tar archive, at its first entry: Invalid tar number.',
    );
  });

  test('a download that was cut short, wherever', async () => {
    const whole = Buffer.from(await packSnapshot(TREE));
    for (let length = 0; length < whole.length; length += 7) await refusal(whole.subarray(0, length));
    expect(await refusal(whole.subarray(0, whole.length - 20))).toBe('h.tar.gz: it ends too early');
  });

  test('an archive that ends in the middle of an entry', async () => {
    const tar = gunzipSync(await packSnapshot(TREE));
    expect(await refusal(gzipSync(tar.subarray(0, 1536 + 512 + 100)))).toMatch(
      /^h\.tar\.gz: no tar archive, at or behind ".*": Tar archive is truncated\.$/,
    );
  });

  test('an entry whose header was changed', async () => {
    const tar = gunzipSync(await archive(FILE, { ...FILE, name: 'second' }));
    tar[1024] = 'S'.charCodeAt(0);
    expect(await refusal(gzipSync(tar))).toBe(
      'h.tar.gz: no tar archive, at or behind "proc/cmdline": Invalid tar header checksum.',
    );
  });

  test('a file of a megabyte that would fill the memory', async () => {
    expect(await refusal(gzipSync(Buffer.alloc(129 << 20)))).toBe('h.tar.gz: more than 128 MiB when unpacked');
  });

  test.each([
    ['[]', '/ghpass/unread.json: no JSON object'],
    ['{', '/ghpass/unread.json: no JSON'],
    ['{"/a":1}', '/ghpass/unread.json: "/a" has neither an errno nor null'],
    ['{"/a":"bad"}', '/ghpass/unread.json: "/a" has neither an errno nor null'],
  ])('a list of unread names that is %s', async (text, message) => {
    const bytes = await packSnapshot({ files: { '/ghpass/unread.json': text }, links: {} });
    expect(await refusal(bytes)).toBe(`h.tar.gz: ${message}`);
  });
});
