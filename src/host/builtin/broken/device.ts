import { configSpace } from '../config-writer.ts';
import { carveOutRegions } from '../driver-regions.ts';
import { gh200Nvl2 } from '../gh200-nvl2.ts';
import { helperRefusal } from '../vfio-writer.ts';
import { ADDRESS, type BrokenHosts, DEVICE, GIB, gh200, KIB, MIB } from './broken-host.ts';

const EACCES = 13;

/** The GPU itself, or what firmware says of it. */
export const BROKEN_DEVICES: BrokenHosts = {
  'bar2-short': () => ({
    what: 'the physical BAR2 is half as long as it should be',
    finding: 'bar2.length-short',
    host: gh200({ bars: [16n * MIB, 64n * GIB, 32n * MIB] }),
  }),
  'bar0-short': () => ({
    what: 'BAR0 ends before the readiness registers, and nothing is bound',
    finding: 'bar0.too-small',
    host: gh200({ driver: null, regions: [], bars: [64n * KIB, 128n * GIB, 32n * MIB] }),
  }),
  'size-mismatch': () => ({
    what: 'firmware announces 94.5 GiB, and VFIO shows 64 GiB',
    finding: 'acpi.vfio-mismatch',
    host: gh200({ regions: carveOutRegions(16n * MIB, 64n * GIB) }),
  }),
  'duplicate-range': () => ({
    what: 'firmware announces the same memory for two GPUs',
    finding: 'acpi.duplicate-range',
    host: {
      ...gh200Nvl2(),
      gpus: gh200Nvl2().gpus.map((gpu) => ({ ...gpu, memory: { ...gpu.memory, base: 2n << 40n } })),
    },
  }),
  'unreadable-tables': () => ({
    what: 'ACPI tables, VFIO and most of the configuration space are for root, and this is how somebody else sees the host',
    finding: 'acpi.unreadable',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        [`${DEVICE}/config`]: configSpace(0x2342, 0x16eb, false).subarray(0, 64),
        [`/ghpass/vfio/${ADDRESS}.json`]: helperRefusal(ADDRESS, 'group', {
          step: 'group-open',
          errno: EACCES,
          path: '/dev/vfio/12',
        }),
      },
      unread: {
        '/sys/firmware/acpi/tables/DSDT': 'EACCES',
        '/sys/firmware/acpi/tables/SRAT': 'EACCES',
      },
    },
  }),
  'unknown-id': () => ({
    what: 'the kernel’s driver does not list the id of the GPU, and nothing is bound',
    finding: 'device.unknown-id',
    host: gh200({ driver: null, regions: [], device: 0x2346, subsystemDevice: 0x1aaa }),
  }),
  'virtual-functions': () => ({
    what: 'SR-IOV is on: two virtual functions share the GPU',
    finding: 'gpu.vfs-enabled',
    host: gh200({ driver: 'nvidia', regions: [] }),
    changes: { files: { [`${DEVICE}/sriov_numvfs`]: '2\n', [`${DEVICE}/driver_override`]: '(null)\n' } },
  }),
  asleep: () => ({
    what: 'the GPU is in D3cold, and may not come back',
    finding: 'power.d3cold',
    host: gh200({ driver: null, regions: [] }),
    changes: {
      files: {
        [`${DEVICE}/power_state`]: 'D3cold\n',
        [`${DEVICE}/d3cold_allowed`]: '1\n',
        [`${DEVICE}/power/runtime_status`]: 'suspended\n',
      },
    },
  }),
  'no-reset': () => ({
    what: 'there is no way to reset the GPU between guests',
    finding: 'reset.none',
    host: gh200({}),
    changes: { files: { [`${DEVICE}/reset_method`]: '\n' } },
  }),
  'dead-config': () => ({
    what: 'the GPU fell off the bus: its configuration space reads all ones',
    finding: 'reset.dead-config',
    host: gh200({ driver: null, regions: [] }),
    changes: { files: { [`${DEVICE}/config`]: new Uint8Array(4096).fill(0xff) } },
  }),
};
