import { expect, test } from 'vitest';
import { UnreadableFileError } from '../../src/host/files.ts';
import { findHolders } from '../../src/host/kernel/holders.ts';
import { memoryFiles } from '../../src/host/memory-files.ts';
import { readPciFunction } from '../../src/host/pci/pci.ts';
import { ADDRESS, filesOf, graceHost, hopper } from '../fixtures/grace-host.ts';

const INFORMATION = `/proc/driver/nvidia/gpus/${ADDRESS}/information`;

interface Process {
  comm?: string;
  cgroup?: string;
  open: string[];
}

/** Who holds the GPU of a host with these processes. */
function holdersOf(driver: string, processes: Record<number, Process>, files: Record<string, string> = {}) {
  const own: Record<string, string> = { ...files };
  const links: Record<string, string> = {};
  for (const [pid, { comm = 'python3', cgroup = '0::/user.slice/session-1.scope', open }] of Object.entries(
    processes,
  )) {
    own[`/proc/${pid}/comm`] = `${comm}\n`;
    own[`/proc/${pid}/cgroup`] = `${cgroup}\n`;
    own[`/proc/${pid}/stat`] = '';
    for (const [i, path] of open.entries()) links[`/proc/${pid}/fd/${i}`] = path;
  }
  const root = memoryFiles(filesOf(graceHost([hopper({ driver })]), { files: own, links }));
  const pci = readPciFunction(root, { address: ADDRESS, vendor: 0x10de, device: 0x2342 });
  return { root, pci, found: findHolders(root, pci) };
}

test('nodes of NVIDIA’s driver, by pid; what is no node of it is left out', () => {
  const { found } = holdersOf('nvidia', {
    4711: { open: ['/dev/nvidiactl', '/dev/null', '/dev/nvidia0', '/dev/nvidia0'] },
    812: { comm: 'nvidia-persiste', open: ['/dev/nvidia0', 'socket:[1]'] },
    900: { open: ['/dev/vfio/vfio', '/tmp/nvidia0'] },
  });
  expect(found).toEqual({
    holders: [
      { pid: 812, comm: 'nvidia-persiste', unit: 'nvidia-persistenced.service', paths: ['/dev/nvidia0'] },
      { pid: 4711, comm: 'python3', unit: null, paths: ['/dev/nvidia0', '/dev/nvidiactl'] },
    ],
    unreadable: 0,
  });
});

test('where the driver tells which node is the GPU’s, a process that has only those of others does not hold it', () => {
  const processes = {
    1: { open: ['/dev/nvidiactl', '/dev/nvidia1'] },
    2: { open: ['/dev/nvidiactl', '/dev/nvidia1', '/dev/nvidia2'] },
    3: { open: ['/dev/nvidiactl'] },
  };
  const { found } = holdersOf('nvidia', processes, { [INFORMATION]: 'Model: \t GH200\nDevice Minor: \t 2\n' });
  expect(found.holders.map(({ pid, paths }) => [pid, paths])).toEqual([
    [2, ['/dev/nvidia2', '/dev/nvidiactl']],
    [3, ['/dev/nvidiactl']],
  ]);
});

test('the VFIO group and character device, and the DRM nodes, of this GPU alone', () => {
  const device = `/sys/bus/pci/devices/${ADDRESS}`;
  const files = { [`${device}/vfio-dev/vfio3/dev`]: '', [`${device}/drm/renderD128/dev`]: '' };
  const processes = {
    1: { open: ['/dev/vfio/12', '/dev/vfio/vfio'] },
    2: { open: ['/dev/vfio/devices/vfio3'] },
    3: { open: ['/dev/dri/renderD128'] },
    4: { open: ['/dev/vfio/13', '/dev/vfio/devices/vfio30', '/dev/dri/card0', '/dev/nvidia0'] },
  };
  const { found } = holdersOf('vfio-pci', processes, files);
  expect(found.holders.map(({ pid, paths }) => [pid, paths])).toEqual([
    [1, ['/dev/vfio/12']],
    [2, ['/dev/vfio/devices/vfio3']],
    [3, ['/dev/dri/renderD128']],
  ]);
});

test.each([
  ['0::/system.slice/nvidia-dcgm.service', 'nv-hostengine', 'nvidia-dcgm.service'],
  ['0::/system.slice/system-vendor.slice/nvsm-core.service', 'nvsm_core', 'nvsm-core.service'],
  ['0::/system.slice/gdm.service/nested', 'Xorg', 'gdm.service'],
  ['12:cpu:/\n1:name=systemd:/system.slice/nvidia-imex.service', 'nvidia-imex', 'nvidia-imex.service'],
  ['0::/', 'nv-fabricmanage', 'nvidia-fabricmanager.service'],
  ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/job.service', 'python3', null],
  ['0::/system.slice/docker-0123.scope', 'python3', null],
])('the unit of %j, %s, is %s', (cgroup, comm, unit) => {
  const { found } = holdersOf('nvidia', { 1: { comm, cgroup, open: ['/dev/nvidia0'] } });
  expect(found.holders).toEqual([{ pid: 1, comm, unit, paths: ['/dev/nvidia0'] }]);
});

test('a process that may not be looked at is counted, one that has ended is not', () => {
  const { root, pci } = holdersOf('nvidia', { 1: { open: ['/dev/nvidia0'] }, 2: { open: ['/dev/nvidia0'] } });
  const files = {
    ...root,
    readBytes: (path: string) => (path.startsWith('/proc/2/') ? null : root.readBytes(path)),
    readLink: (path: string) => {
      if (path.startsWith('/proc/')) throw new UnreadableFileError(path, 'EACCES');
      return root.readLink(path);
    },
  };
  expect(findHolders(files, pci)).toEqual({ holders: [], unreadable: 1 });
});
