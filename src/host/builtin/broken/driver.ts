import { physicalRegions } from '../driver-regions.ts';
import { helperRefusal } from '../vfio-writer.ts';
import { ADDRESS, type BrokenHosts, DEVICE, GH200_BARS, gh200, MIB } from './broken-host.ts';

const HOLDER = '/proc/2104';
const EBUSY = 16;

/** Another driver than the variant driver has the GPU, or the variant driver cannot make anything of it. */
export const BROKEN_DRIVERS: BrokenHosts = {
  unbound: () => ({
    what: 'no driver is bound',
    finding: 'driver.unbound',
    host: gh200({ driver: null, regions: [] }),
  }),
  'generic-driver': () => ({
    what: 'vfio-pci is bound, which knows nothing of coherent memory',
    finding: 'driver.generic-bound',
    host: gh200({ driver: 'vfio-pci', regions: physicalRegions(GH200_BARS) }),
  }),
  'no-dsd': () => ({
    what: 'firmware announces no memory, as where the C2C link did not come up',
    finding: 'driver.no-coherent',
    host: gh200({ regions: physicalRegions(GH200_BARS) }),
    changes: { files: { '/sys/firmware/acpi/tables/DSDT': new Uint8Array(36) } },
  }),
  'memory-too-small': () => ({
    what: 'firmware announces 1.1875 GiB, of which nothing would be left to use',
    finding: 'driver.bind-einval',
    host: gh200({ driver: null, regions: [], memory: { base: 2n << 40n, sizeBytes: 1216n * MIB } }),
  }),
  'memory-below-carve-out': () => ({
    what: 'firmware announces 512 MiB, less than the driver reserves',
    finding: 'driver.bind-eoverflow',
    host: gh200({ driver: null, regions: [], memory: { base: 2n << 40n, sizeBytes: 512n * MIB } }),
  }),
  'nvidia-in-use': () => ({
    what: 'the host uses the GPU itself: a process has it open, and its memory is online',
    finding: 'nvidia.holders',
    host: gh200({ driver: 'nvidia', regions: [] }),
    changes: {
      files: {
        [`${DEVICE}/driver_override`]: '(null)\n',
        '/proc/iomem': '80000000-7fffffffff : System RAM\n20000000000-2179fffffff : System RAM (NVIDIA)\n',
        [`${HOLDER}/comm`]: 'nvidia-persiste\n',
        [`${HOLDER}/cgroup`]: '0::/system.slice/nvidia-persistenced.service\n',
      },
      links: { [`${HOLDER}/fd/3`]: '/dev/nvidiactl', [`${HOLDER}/fd/4`]: '/dev/nvidia0' },
    },
  }),
  busy: () => ({
    what: 'another guest has the GPU',
    finding: 'vfio.busy',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        [`/ghpass/vfio/${ADDRESS}.json`]: helperRefusal(ADDRESS, 'group', {
          step: 'group-open',
          errno: EBUSY,
          path: '/dev/vfio/12',
        }),
        [`${HOLDER}/comm`]: 'qemu-system-aar\n',
        [`${HOLDER}/cgroup`]: '0::/machine.slice/machine-qemu-1-other.scope\n',
      },
      links: { [`${HOLDER}/fd/27`]: '/dev/vfio/12' },
    },
  }),
};
