import { expect, test } from 'vitest';
import { commandLine } from '../../../../src/host/snapshot/leave-out/command-line.ts';
import { textAfter } from './fixture.ts';

const after = (line: string) => textAfter(commandLine, '/proc/cmdline', `${line}\n`).slice(0, -1);

test.each([
  ['quiet ro nokaslr', 'quiet ro nokaslr'],
  [
    'iommu.passthrough=0 init_on_alloc=0 numa_balancing=disable',
    'iommu.passthrough=0 init_on_alloc=0 numa_balancing=disable',
  ],
  [
    'vfio_iommu_type1.allow_unsafe_interrupts=1 vfio-pci.ids=10de:2342',
    'vfio_iommu_type1.allow_unsafe_interrupts=1 vfio-pci.ids=10de:2342',
  ],
  ['default_hugepagesz=512M hugepages=8 mem=16G', 'default_hugepagesz=512M hugepages=8 mem=16G'],
  ['root=UUID=1b4e28ba-2fa1 ip=10.0.0.7::10.0.0.1', 'root=left-out ip=left-out'],
  ['systemd.set_credential=token:s3cret api.key=s3cret', 'systemd.set_credential=left-out api.key=left-out'],
  ['note="a b=c d" quiet', 'note=left-out quiet'],
  ['"note=a b" quiet', 'left-out quiet'],
  ['dyndbg="file x', 'dyndbg=left-out'],
  ['s3cretT0ken deadbeefdeadbeefdeadbeef', 'left-out left-out'],
  ['quiet -- --token=s3cret word', 'quiet -- left-out left-out'],
  ['a:b=c', 'left-out'],
  ['', ''],
])('%j becomes %j', (line, expected) => {
  expect(after(line)).toBe(expected);
});

test('other texts stay as they are', () => {
  expect(textAfter(commandLine, '/proc/meminfo', 'token=s3cret')).toBe('token=s3cret');
});
