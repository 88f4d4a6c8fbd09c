import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { reportInstaller } from '../../src/guest/image/report-installer.ts';
import { findGuestReport } from '../../src/guest/proof/guest-facts.ts';
import { recordedGuest, recordedReport } from './recorded.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const OWN_MOUNTS = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
const canHaveRoot = spawnSync('unshare', [...OWN_MOUNTS, 'chroot', '/', 'bash', '--version']).status === 0;

/** The kernel's words, as dmesg prints them. */
const LOG = [
  '[    0.000000] ACPI: SRAT: Too many proximity domains.',
  '[    9.100000] NVRM: a "quoted" \\ path\tand a tab',
  '[   10.000000] something else',
];

/** Runs the installer as a guest does that has the recorded files, no systemd, and a console that is a file. */
function installIn(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  const write = (path: string, content: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  const { texts, binaries } = recordedReport('one-gpu');
  for (const [path, text] of Object.entries({ ...texts, ...files })) write(path, text);
  for (const [path, hex] of Object.entries(binaries)) write(path, Buffer.from(hex, 'hex'));
  write('/proc/sys/kernel/printk', '7\t4\t1\t7\n');
  write('/dev/console', 'a prompt: ');
  write('/tools/dmesg', `#!/bin/sh\ncat /log\n`, 0o755);
  write('/log', `${LOG.join('\n')}\n`);
  write('/installer', reportInstaller(), 0o755);
  for (const name of ['usr', 'tmp', 'etc', 'run']) mkdirSync(join(root, name), { recursive: true });
  const script = [
    'mkdir /tmp/upper-$$; mount -t tmpfs tmpfs /tmp/upper-$$; cd /tmp/upper-$$; mkdir upper work',
    'mount -t overlay -o lowerdir=/usr,upperdir=$PWD/upper,workdir=$PWD/work overlay "$1/usr"',
    'for link in bin sbin lib lib64; do ln -s "usr/$link" "$1/$link"; done',
    'exec env PATH=/tools:/usr/sbin:/usr/bin chroot "$1" /installer',
  ].join('\n');
  execFileSync('unshare', [...OWN_MOUNTS, 'sh', '-ec', script, 'sh', root]);
  expect(readFileSync(join(root, 'proc/sys/kernel/printk'), 'utf8')).toBe('7\t4\t1\t7\n');
  return readFileSync(join(root, 'dev/console'), 'utf8');
}

test.runIf(canHaveRoot)('what the seed installs reports as the smoke guest does', () => {
  const { kernelLog, ...facts } = findGuestReport(installIn({})) ?? {};
  const { kernelLog: _none, ...recorded } = recordedGuest('one-gpu');
  expect(facts).toEqual(recorded);
  expect(kernelLog).toBe(LOG.slice(0, 2).join('\n'));
});

test.runIf(canHaveRoot)('it tells of the driver that is loaded', () => {
  const files = {
    '/proc/driver/nvidia/version':
      'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  595.45.04\nGCC version:\tgcc\n',
    '/sys/devices/system/memory/auto_online_blocks': 'online_movable\n',
  };
  const driver = { version: '595.45.04', keepsMemory: false, autoOnline: 'online_movable' };
  expect(findGuestReport(installIn(files))?.driver).toEqual(driver);
});

test.runIf(canHaveRoot)('it tells of the command register of NVIDIA’s devices alone', () => {
  const [nvidia, other] = ['0000:41:00.0', '0000:00:01.0'].map((address) => `/sys/bus/pci/devices/${address}`);
  const config = `\x00\x01\x02\x03\x06${'\0'.repeat(251)}`;
  const files = { [`${nvidia}/vendor`]: '0x10de\n', [`${nvidia}/config`]: config, [`${other}/config`]: config };
  const { functions = [] } = findGuestReport(installIn(files)) ?? {};
  const known = functions.filter((one) => one.config !== null);
  expect(known.map(({ address }) => address)).toEqual(['0000:41:00.0']);
  expect([...(known[0]?.config ?? [])].slice(0, 6)).toEqual([0, 1, 2, 3, 6, 0]);
  expect(known[0]?.config).toHaveLength(64);
});

test('no file that is installed has the line that ends it', () => {
  const ends = reportInstaller().match(/^GHPASS-END-OF-FILE$/gm) ?? [];
  expect(ends).toHaveLength(reportInstaller().split(`<< 'GHPASS-END-OF-FILE'`).length - 1);
});
