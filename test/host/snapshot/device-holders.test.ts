import { expect, test } from 'vitest';
import { keepDeviceHolders } from '../../../src/host/snapshot/device-holders.ts';

test('of all processes those stay that hold a GPU, with the device, name and control group', () => {
  const { files, links, unread } = keepDeviceHolders({
    files: {
      '/proc/cmdline': 'quiet',
      '/proc/11/comm': 'nvidia-persiste\n',
      '/proc/11/cgroup': '0::/system.slice/nvidia-persistenced.service\n',
      '/proc/11/environ': 'TOKEN=s3cret',
      '/proc/22/comm': 'bash\n',
      '/proc/33/comm': 'qemu-system-aar\n',
    },
    links: {
      '/proc/11/fd/3': '/dev/nvidiactl',
      '/proc/11/fd/4': '/home/alice/notes',
      '/proc/22/fd/0': '/dev/pts/0',
      '/proc/22/fd/5': '/dev/nvidia-not-of-this-process/../null',
      '/proc/33/fd/9': '/dev/vfio/12',
      '/sys/bus/pci/devices/0009:01:00.0/driver': '../nvidia',
    },
    unread: { '/proc/22': null, '/proc/44/fd': 'EACCES', '/proc/11/fd/0': null, '/proc/meminfo': null },
  });
  expect(files).toEqual({
    '/proc/cmdline': 'quiet',
    '/proc/11/comm': 'nvidia-persiste\n',
    '/proc/11/cgroup': '0::/system.slice/nvidia-persistenced.service\n',
    '/proc/22/comm': 'bash\n',
    '/proc/33/comm': 'qemu-system-aar\n',
  });
  expect(links).toEqual({
    '/proc/11/fd/3': '/dev/nvidiactl',
    '/proc/22/fd/5': '/dev/nvidia-not-of-this-process/../null',
    '/proc/33/fd/9': '/dev/vfio/12',
    '/sys/bus/pci/devices/0009:01:00.0/driver': '../nvidia',
  });
  expect(unread).toEqual({ '/proc/44/fd': 'EACCES', '/proc/meminfo': null });
});

test('what ghpass reads of itself stays, but for its open files', () => {
  const tree = {
    files: { '/proc/77/limits': 'Max locked memory', '/proc/77/mounts': 'hugetlbfs' },
    links: { '/proc/self': '77', '/proc/mounts': 'self/mounts', '/proc/77/fd/1': '/dev/pts/0' },
    unread: {},
  };
  const { '/proc/77/fd/1': _, ...links } = tree.links;
  expect(keepDeviceHolders(tree)).toEqual({ ...tree, links });
});
