import { expect, test } from 'vitest';
import { mounts } from '../../../../src/host/snapshot/leave-out/mounts.ts';
import { textAfter } from './fixture.ts';

const HUGE = 'hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=512M 0 0\n';
const TEXT = `/dev/nvme0n1p2 / ext4 rw 0 0\nstorage.example.org:/home /home nfs4 rw,clientaddr=10.0.0.7 0 0\n${HUGE}tmpfs /tmp tmpfs rw 0 0\n`;

test.each(['/proc/mounts', '/proc/1234/mounts'])('of %s the huge pages stay', (path) => {
  expect(textAfter(mounts, path, TEXT)).toBe(HUGE);
});

test('of mountinfo, too', () => {
  const line = '29 22 0:27 / /dev/hugepages rw shared:14 - hugetlbfs hugetlbfs rw,pagesize=2M\n';
  expect(textAfter(mounts, '/proc/1/mountinfo', `22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n${line}`)).toBe(line);
});

test('other files stay as they are', () => {
  expect(textAfter(mounts, '/proc/meminfo', TEXT)).toBe(TEXT);
});
