import { expect, test } from 'vitest';
import type { GuestEntry } from '../../src/guest/life/guest-entry.ts';
import type { GuestStatus } from '../../src/guest/life/guest-status.ts';
import { guestListText, guestStatusText } from '../../src/ui/guest-list-text.ts';
import { paintFor } from '../../src/ui/paint.ts';

const PLAIN = paintFor({}, {}, true);
const GPU = '0009:01:00.0';

const ENTRY: GuestEntry = {
  name: 'demo',
  backend: 'qemu',
  uri: null,
  state: 'running',
  why: null,
  vcpus: 16,
  memoryBytes: 64n << 30n,
  gpus: [GPU],
  own: true,
};

test('guests are lines of a table; what is wrong is behind the line, and whose a domain is below', () => {
  const theirs = {
    ...ENTRY,
    name: 'web',
    backend: 'libvirt',
    own: false,
    state: 'off',
    gpus: [GPU, '0019:01:00.0'],
  } as const;
  const lost = {
    ...ENTRY,
    name: 'x',
    vcpus: null,
    memoryBytes: null,
    gpus: [],
    state: 'gone',
    why: 'its QEMU has ended',
  } as const;
  expect(guestListText([ENTRY, { ...theirs, gpus: [...theirs.gpus] }, { ...lost, gpus: [] }], PLAIN)).toBe(
    [
      'NAME  BACKEND   STATE    VCPUS  MEMORY  GPUS',
      'demo  qemu      running  16     64 GiB  0009:01:00.0',
      'web   libvirt*  off      16     64 GiB  0009:01:00.0 0019:01:00.0',
      'x     qemu      gone     -      -       -  (its QEMU has ended)',
      '* somebody else’s domain, with GPUs from ghpass',
    ].join('\n'),
  );
  expect(guestListText([], PLAIN)).toBe('no guests');
});

test.each([
  [6, '6s'],
  [0, '0s'],
  [306, '5m 6s'],
  [4 * 3600 + 5 * 60 + 59, '4h 5m'],
  [90_000, '1d 1h'],
])('a guest that is up for %i s is up %s', (uptimeSeconds, words) => {
  const { gpus, ...guest } = ENTRY;
  const status: GuestStatus = {
    guest,
    gpus: [{ address: gpus[0] ?? '', driver: null }],
    process: { pid: 42, uptimeSeconds },
    files: ['/a', '/b'],
    journals: [{ subject: 'guest-demo', command: 'ghpass create-vm', kept: true }],
    next: ['ghpass stop demo'],
    findings: [],
  };
  expect(guestStatusText(status, PLAIN)).toBe(
    [
      'demo',
      '  state    running',
      '  backend  qemu',
      '  made by  ghpass',
      '  vCPUs    16',
      '  memory   64 GiB',
      `  GPU      ${GPU}, bound to no driver`,
      `  process  42, up ${words}`,
      '  file     /a',
      '           /b',
      '  journal  guest-demo, kept by ghpass create-vm',
      '  next     ghpass stop demo',
    ].join('\n'),
  );
});
