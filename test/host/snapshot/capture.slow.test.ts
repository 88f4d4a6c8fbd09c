import { describe, expect, test } from 'vitest';
import { COLLECTORS } from '../../../src/checks/collectors.ts';
import { GhpassError } from '../../../src/errors.ts';
import { BUILTIN_HOSTS } from '../../../src/host/builtin/index.ts';
import { readText, UnreadableFileError } from '../../../src/host/files.ts';
import type { Host } from '../../../src/host/host.ts';
import { memoryFiles } from '../../../src/host/memory-files.ts';
import { openHost } from '../../../src/host/open.ts';
import { type CaptureOptions, captureHost } from '../../../src/host/snapshot/capture.ts';
import { capturedHost } from '../../../src/host/snapshot/captured.ts';
import { collectGpus } from '../../../src/vfio/collect.ts';
import { ADDRESS, board, graceHost, hopper, LIBVIRT, openMadeUp } from '../../fixtures/grace-host.ts';

const OPTIONS: CaptureOptions = {
  open: true,
  full: false,
  synthetic: null,
  hostName: 'login01',
  version: '1.2.3',
  now: new Date('2026-03-04T05:06:07Z'),
};

const capture = (host: Host, options: Partial<CaptureOptions> = {}) =>
  captureHost(host, COLLECTORS, { ...OPTIONS, ...options });

/** What a captured host says, under the name of the one that it was captured from. */
async function replayed(host: Host, options: Partial<CaptureOptions> = {}): Promise<Host> {
  const { tree } = await capture(host, options);
  return { ...capturedHost('snapshot', host.source.name, memoryFiles(tree)), source: host.source };
}

/** What `probe` makes of a host: facts, or the error. */
async function said(host: Host): Promise<unknown> {
  // A buffer and an array of the same bytes are the same.
  const readBytes = (path: string) => {
    const bytes = host.files.readBytes(path);
    return bytes && new Uint8Array(bytes);
  };
  try {
    return await collectGpus({ ...host, files: { ...host.files, readBytes } }, [], { open: true });
  } catch (error) {
    return error;
  }
}

describe.each(Object.keys(BUILTIN_HOSTS))('builtin:%s', (name) => {
  test.each([true, false])('says the same when it is replayed (full: %s)', async (full) => {
    const host = await openHost(`builtin:${name}`);
    const again = await replayed(host, { full });
    expect(await said(again)).toEqual(await said(host));
    expect(await again.askTools()).toEqual(await host.askTools());
    expect(await again.askLibvirt()).toEqual(await host.askLibvirt());
  });

  test('has nothing in its snapshot that it does not have itself', async () => {
    const host = await openHost(`builtin:${name}`);
    const { tree } = await capture(host, { full: true });
    for (const [path, content] of Object.entries(tree.files)) {
      if (['/ghpass/about.json', '/ghpass/tools.json', '/ghpass/unread.json'].includes(path)) continue;
      const original = readText(host.files, path);
      expect(Buffer.from(content).toString().replace(/\n$/, ''), path).toBe(original);
    }
  });
});

test('about.json tells who captured what, when and how', async () => {
  const { tree } = await capture(openMadeUp(graceHost([hopper()])));
  expect(JSON.parse(`${tree.files['/ghpass/about.json']}`)).toEqual({
    synthetic: 'made up for a test',
    snapshot: {
      schema: 1,
      ghpass: '1.2.3',
      takenAt: '2026-03-04T05:06:07.000Z',
      opened: true,
      leftOut: ['serial-numbers', 'mac-addresses', 'command-line-values', 'mounts', 'uuids', 'host-name'],
      unanswered: [],
    },
  });
});

test('a snapshot of what is no real board says so when it is replayed', async () => {
  const { tree } = await capture(await openHost('local'), { open: false, synthetic: 'captured in the lab' });
  expect(capturedHost('snapshot', 'x', memoryFiles(tree)).source.synthetic).toBe('captured in the lab');
});

test('with --full nothing is left out, and about.json says so', async () => {
  const host = openMadeUp(graceHost([hopper()]), { files: { '/proc/cmdline': 'token=s3cret\n' } });
  const { tree, leftOut } = await capture(host, { full: true });
  expect(readText(memoryFiles(tree), '/proc/cmdline')).toBe('token=s3cret');
  expect(leftOut).toEqual([]);
  expect(JSON.parse(`${tree.files['/ghpass/about.json']}`)).toMatchObject({ snapshot: { leftOut: [] } });
});

test('without it, nothing of what is secret is anywhere', async () => {
  const config = Buffer.alloc(4096);
  config.writeUInt32LE(0x0001_0003, 0x100);
  config.set(Buffer.from('5ec2e75ec2e75ec2', 'hex'), 0x104);
  const files = {
    '/proc/cmdline': 'quiet token=s3cret BOOTIF=01-52-54-00-12-34-56 root=UUID=1b4e28ba-2fa1-11d2-883f-0016d3cca427\n',
    [`/sys/bus/pci/devices/${ADDRESS}/config`]: config,
    '/boot/config-6.17.0-login01': 'CONFIG_NODES_SHIFT=6\n',
  };
  const made = openMadeUp(graceHost([hopper()]), { files });
  const { tree } = await capture({ ...made, release: '6.17.0-login01' });
  const all = Object.entries(tree.files).map(
    ([path, content]) => `${path}\n${Buffer.from(content).toString('latin1')}`,
  );
  for (const secret of ['s3cret', '52-54-00', '1b4e28ba', config.toString('latin1', 0x104, 0x10c), 'login01']) {
    expect(all.filter((text) => text.includes(secret)).map((text) => text.split('\n')[0])).toEqual([]);
  }
  expect(readText(memoryFiles(tree), '/boot/config-6.17.0-host')).toBe('CONFIG_NODES_SHIFT=6');
});

test('tables that only root may read are as unreadable in the snapshot', async () => {
  const made = openMadeUp(graceHost([hopper()]));
  const path = '/sys/firmware/acpi/tables/DSDT';
  const readBytes = (asked: string) => {
    if (asked.startsWith('/sys/firmware/acpi/tables/')) throw new UnreadableFileError(asked, 'EACCES');
    return made.files.readBytes(asked);
  };
  const host = { ...made, files: { ...made.files, readBytes } };
  const again = await replayed(host);
  expect(await said(again)).toEqual(await said(host));
  expect(await said(again)).toMatchObject({ host: { definitionBlocks: { unreadable: { path, errno: 'EACCES' } } } });
});

test('devices are not opened where that is not wanted', async () => {
  const { tree, devices } = await capture(openMadeUp(graceHost([hopper()])), { open: false });
  expect(devices).toEqual([]);
  expect(Object.keys(tree.files).filter((path) => path.startsWith('/ghpass/vfio/'))).toEqual([]);
  expect(JSON.parse(`${tree.files['/ghpass/about.json']}`)).toMatchObject({ snapshot: { opened: false } });
});

test('a device or a tool that fails does not hide the others', async () => {
  const made = openMadeUp(graceHost(board(2, hopper)));
  const sick = new GhpassError('timeout', {
    code: 'tool.timeout',
    message: 'no answer in 60 s',
    suggestions: ['dmesg'],
  });
  const host: Host = {
    ...made,
    askDevice: (address) => (address === ADDRESS ? made.askDevice(address) : Promise.reject(sick)),
    askTools: () => Promise.reject(sick),
    askLibvirt: async () => LIBVIRT,
  };
  const { tree, devices, unanswered } = await capture(host);
  expect(devices).toEqual([ADDRESS]);
  expect(unanswered).toEqual([
    { subject: '0008:01:00.0', why: sick },
    { subject: 'tools', why: sick },
  ]);
  expect(JSON.parse(`${tree.files['/ghpass/about.json']}`).snapshot.unanswered).toEqual([
    { subject: '0008:01:00.0', code: 'tool.timeout', message: 'no answer in 60 s' },
    { subject: 'tools', code: 'tool.timeout', message: 'no answer in 60 s' },
  ]);
  const again = capturedHost('snapshot', 'x', memoryFiles(tree));
  expect([await again.askTools(), await again.askLibvirt()]).toEqual([null, LIBVIRT]);
});

test('a libvirt that does not answer does not answer when it is replayed, and a snapshot is whole without it', async () => {
  const refused = new GhpassError('permission', { code: 'libvirt.permission', message: 'no', suggestions: ['sudo'] });
  const host = { ...openMadeUp(graceHost([hopper()])), askLibvirt: () => Promise.reject(refused) };
  expect((await capture(host)).unanswered).toEqual([]);
  const again = await replayed(host);
  const { kind, code, message, suggestions } = refused;
  await expect(again.askLibvirt()).rejects.toThrow(expect.objectContaining({ kind, code, message, suggestions }));
  expect(await again.askTools()).toEqual(await host.askTools());
});

test('Ctrl-C is none of these failures', async () => {
  const interrupted = new GhpassError('interrupted', { code: 'interrupted', message: 'interrupted' });
  const host = { ...openMadeUp(graceHost([hopper()])), askDevice: () => Promise.reject(interrupted) };
  await expect(capture(host)).rejects.toBe(interrupted);
});

test('a host without a GPU has a snapshot that says so', async () => {
  const again = await replayed(openMadeUp(graceHost([])));
  await expect(collectGpus(again, [], { open: true })).rejects.toMatchObject({ code: 'platform.unsupported' });
});
