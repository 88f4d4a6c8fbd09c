import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UnreadableFileError } from '../../src/host/files.ts';
import { openHost } from '../../src/host/open.ts';
import { NEWEST_LIBVIRT, NEWEST_TOOLS } from '../../src/host/programs/newest-tools.ts';
import { packSnapshot } from '../../src/host/snapshot/archive.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

/** A captured host that is nothing but one file in ghpass's own directory. */
function snapshotWith(file: string, text: string): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'ghpass'));
  writeFileSync(join(directory, 'ghpass', file), text);
  return directory;
}

function broken(message: unknown) {
  return expect.objectContaining({ kind: 'usage', code: 'host.snapshot-broken', message });
}

describe('--host', () => {
  test('builtin:gh200 is a made-up host, and says so', async () => {
    const host = await openHost('builtin:gh200');
    expect(host).toMatchObject({
      source: {
        kind: 'builtin',
        name: 'builtin:gh200',
        synthetic: 'sizes are the driver’s arithmetic for 94.5 GiB of coherent memory, not those of a real board',
      },
      release: '6.17.0',
      machine: 'aarch64',
    });
    expect(await host.askDevice('0009:01:00.0')).toContain('"address":"0009:01:00.0"');
    expect(await host.askDevice('0001:01:00.0')).toBeNull();
    expect(await host.askTools()).toMatchObject({ kvm: { usable: true } });
    expect(await host.askLibvirt()).toEqual(NEWEST_LIBVIRT);
  });

  test('a directory is a captured host; what it does not tell is null', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'ghpass'));
    writeFileSync(join(directory, 'ghpass/uname'), '6.12.107+deb13-arm64\n');
    const host = await openHost(directory);
    expect(host).toMatchObject({
      source: { kind: 'snapshot', name: directory, synthetic: null },
      release: '6.12.107+deb13-arm64',
      machine: null,
    });
    expect(await host.askDevice('0009:01:00.0')).toBeNull();
    expect(await host.askTools()).toBeNull();
    expect(await host.askLibvirt()).toBeNull();
  });

  test('local is this machine', async () => {
    expect((await openHost('local')).source).toEqual({ kind: 'local', name: 'local', synthetic: null });
  });

  test.each(['gh201', 'constructor', '__proto__', ''])('builtin:%s is not built in, and is refused', async (name) => {
    await expect(openHost(`builtin:${name}`)).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'host.unknown-builtin',
        message: `--host builtin:${name}: no such built-in host`,
        suggestions: expect.arrayContaining(['--host builtin:gh200']),
        exitStatus: 2,
      }),
    );
  });

  test('an archive is a captured host, too', async () => {
    const file = join(temporaryDirectory(), 'host.tar.gz');
    const files = { '/ghpass/uname': '6.17.0\n', '/ghpass/unread.json': '{"/proc/iomem":"EACCES"}' };
    writeFileSync(file, await packSnapshot({ files, links: {} }));
    const host = await openHost(file);
    expect(host).toMatchObject({ source: { kind: 'snapshot', name: file, synthetic: null }, release: '6.17.0' });
    expect(() => host.files.readBytes('/proc/iomem')).toThrow(new UnreadableFileError('/proc/iomem', 'EACCES'));
  });

  test('what could not be read of the host cannot be read of its directory', async () => {
    const directory = snapshotWith('unread.json', '{"/proc/iomem":"EACCES","/proc/1":null}');
    const { files } = await openHost(directory);
    expect(() => files.readBytes('/proc/iomem')).toThrow(new UnreadableFileError('/proc/iomem', 'EACCES'));
    expect(files.list('/proc')).toEqual(['1', 'iomem']);
  });

  test.each([
    ['about.json', '{', 'no JSON'],
    ['about.json', '[]', 'no JSON object'],
    ['about.json', '{"synthetic":1}', 'synthetic is no string'],
    ['unread.json', 'null', 'no JSON object'],
    ['unread.json', '{"/a":2}', '"/a" has neither an errno nor null'],
  ])('%s that is %s is refused', async (file, text, what) => {
    const directory = snapshotWith(file, text);
    await expect(openHost(directory)).rejects.toThrow(broken(`${directory}: /ghpass/${file}: ${what}`));
  });

  test.each([
    ['{', 'no JSON'],
    ['{}', 'qemu: Invalid input: expected object, received undefined'],
    [
      JSON.stringify({ ...NEWEST_TOOLS, kvm: { ...NEWEST_TOOLS.kvm, ipaSizeBits: '48' } }),
      'kvm.ipaSizeBits: Invalid input: expected number, received string',
    ],
    [
      JSON.stringify({ ...NEWEST_TOOLS, qemu: { ...NEWEST_TOOLS.qemu, version: [9, 2] } }),
      'qemu.version: Too small: expected array to have >=3 items',
    ],
    [
      JSON.stringify({ ...NEWEST_TOOLS, libvirt: { ...NEWEST_LIBVIRT, iommufd: 'yes' } }),
      'libvirt.iommufd: Invalid input: expected boolean, received string',
    ],
    [
      JSON.stringify({ libvirt: { refused: { kind: 'bug', code: '', message: '', suggestions: [] } } }),
      'libvirt.refused.kind: Invalid option: expected one of',
    ],
    [JSON.stringify({ libvirt: {} }), 'libvirt.uri: Invalid input: expected string, received undefined'],
  ])('tools.json that is %s is refused', async (text, what) => {
    const directory = snapshotWith('tools.json', text);
    const host = await openHost(directory);
    await expect(host.askTools()).rejects.toThrow(broken(expect.stringContaining(`/ghpass/tools.json: ${what}`)));
  });

  test('tools.json is taken as it was written', async () => {
    const host = await openHost(snapshotWith('tools.json', JSON.stringify(NEWEST_TOOLS)));
    expect(await host.askTools()).toEqual(NEWEST_TOOLS);
    expect(await host.askLibvirt()).toBeNull();
  });

  test('libvirt is beside the other tools, which need not be known', async () => {
    const both = await openHost(
      snapshotWith('tools.json', JSON.stringify({ ...NEWEST_TOOLS, libvirt: NEWEST_LIBVIRT })),
    );
    expect([await both.askTools(), await both.askLibvirt()]).toEqual([NEWEST_TOOLS, NEWEST_LIBVIRT]);
    const alone = await openHost(snapshotWith('tools.json', JSON.stringify({ libvirt: NEWEST_LIBVIRT })));
    expect([await alone.askTools(), await alone.askLibvirt()]).toEqual([null, NEWEST_LIBVIRT]);
  });

  test('tools.json of a ghpass that did not ask for SMMUs has none', async () => {
    const { smmuProperties, ...qemu } = NEWEST_TOOLS.qemu ?? { smmuProperties: [] };
    expect(smmuProperties).not.toEqual([]);
    const host = await openHost(snapshotWith('tools.json', JSON.stringify({ ...NEWEST_TOOLS, qemu })));
    expect(await host.askTools()).toEqual({ ...NEWEST_TOOLS, qemu: { ...qemu, smmuProperties: [] } });
  });

  test('names of sound hosts and of broken ones are suggested apart', async () => {
    const suggestions = (name: string) => openHost(`builtin:${name}`).then(Object.keys, (error) => error.suggestions);
    expect(await suggestions('gh201')).toEqual(expect.arrayContaining(['--host builtin:gb300-nvl4']));
    expect(await suggestions('gh201')).not.toContain('--host builtin:broken-no-dsd');
    expect(await suggestions('broken')).toEqual(expect.arrayContaining(['--host builtin:broken-no-dsd']));
    expect(await suggestions('broken')).not.toContain('--host builtin:gh200');
  });

  test('a path that is no directory is refused', async () => {
    const path = join(temporaryDirectory(), 'missing');
    await expect(openHost(path)).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'host.snapshot-missing',
        message: `--host ${path}: no such file or directory, and neither "local" nor "builtin:NAME"`,
        suggestions: expect.arrayContaining(['--host builtin:gh200']),
        exitStatus: 2,
      }),
    );
  });
});
