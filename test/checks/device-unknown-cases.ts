import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import type { Host } from '../../src/host/host.ts';
import { type FileChanges, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { openPower9 } from '../fixtures/power9-host.ts';
import type { DeviceCase } from './device-cases.ts';
import { DEVICE, withoutDirectory, withoutTables } from './made-up-hosts.ts';

const TABLES = '/sys/firmware/acpi/tables';
const NO_PERMISSION = `${TABLES}/DSDT: EACCES`;
const NO_ACPI = { [`${TABLES}/DSDT`]: null, [`${TABLES}/IORT`]: null, [`${TABLES}/SRAT`]: null };

const of = (gpu: SyntheticGpu, changes?: FileChanges, release = '6.17.0') =>
  openMadeUp(graceHost([gpu], { release }), changes);
const without = (path: string, gpu = hopper(), release = '6.17.0') => of(gpu, { files: { [path]: null } }, release);
const unprivileged = (gpu = hopper(), release = '6.17.0') => withoutTables(of(gpu, {}, release));
const unknown = (id: string, title: string, host: Host, notKnown: string, open = true): DeviceCase => {
  return { id, title, host, notKnown, open };
};
/** A device that was not opened, with as much of its configuration space as anybody may read. */
const shortConfig = () => of(hopper({ driver: null }), { files: { [`${DEVICE}/config`]: new Uint8Array(64) } });

const NO_DVSEC = "NVIDIA's DVSEC is behind the bytes of config that could be read";
const NO_BARS = 'sysfs shows no BARs of the device';
const NO_RELEASE = 'the release of the kernel is not known';
const NOT_OPENED = 'the device was not opened';

/** Hosts that do not show a check what it needs. */
export const UNKNOWN_CASES: readonly DeviceCase[] = [
  unknown('acpi.unreadable', 'no ACPI', of(hopper(), { files: NO_ACPI }), 'there is no /sys/firmware/acpi/tables'),
  unknown('acpi.duplicate-range', 'tables that only root may read', unprivileged(), NO_PERMISSION),
  unknown(
    'acpi.duplicate-range',
    'a GPU without memory',
    of(hopper(), { files: { [`${TABLES}/DSDT`]: new Uint8Array(36) } }),
    'firmware does not say where the memory is',
  ),
  unknown('acpi.vfio-mismatch', 'tables that only root may read', unprivileged(), NO_PERMISSION),
  unknown(
    'acpi.vfio-mismatch',
    'regions without coherent memory',
    of(hopper({ regions: [{ index: 2, sizeBytes: 1n << 37n, sparseBytes: null }] })),
    'the regions hold no coherent memory',
  ),
  unknown(
    'acpi.vfio-mismatch',
    'firmware that announces none',
    of(hopper({ memory: { base: 1n << 41n, sizeBytes: 0n } })),
    'firmware announces no memory',
  ),
  unknown('bar0.too-small', 'no resource', without(`${DEVICE}/resource`), NO_BARS),
  unknown('bar0.too-small', 'no release', without('/ghpass/uname'), NO_RELEASE),
  ...['driver.bind-eoverflow', 'driver.bind-einval'].flatMap((id) => [
    unknown(id, 'tables that only root may read', unprivileged(hopper({ driver: null })), NO_PERMISSION),
    unknown(id, 'a configuration space that only root may read', shortConfig(), NO_DVSEC),
  ]),
  unknown(
    'driver.no-coherent',
    'the generic driver',
    of(hopper({ driver: 'vfio-pci' })),
    'nvgrace_gpu_vfio_pci is not bound',
  ),
  unknown(
    'iommu.group-not-viable',
    'no group',
    of(hopper(), { links: { [`${DEVICE}/iommu_group`]: null } }),
    'the members of the IOMMU group are not known',
  ),
  unknown(
    'iommu.rmr-direct',
    'no list of the regions',
    without('/sys/kernel/iommu_groups/12/reserved_regions'),
    'the reserved regions of the IOMMU group are not known',
  ),
  unknown(
    'reset.none',
    'a capture without the file',
    without(`${DEVICE}/reset_method`),
    `there is no ${DEVICE}/reset_method`,
  ),
  unknown('reset.dead-config', 'no config', without(`${DEVICE}/config`), 'config cannot be read'),
  unknown('power.d3cold', 'no power_state', without(`${DEVICE}/power_state`), 'the power state is not known'),
  unknown(
    'power.d3cold',
    'a kernel that does not know it',
    of(hopper(), { files: { [`${DEVICE}/power_state`]: 'unknown\n' } }),
    'the power state is not known',
  ),
  unknown('kernel.fallback-leak', 'no release', without('/ghpass/uname'), NO_RELEASE),
  unknown(
    'kernel.fallback-leak',
    'tables that only root may read',
    unprivileged(hopper(), '7.0.0'),
    NO_PERMISSION,
    false,
  ),
  ...['vfio.perms', 'vfio.busy', 'vfio.open-failed', 'bar2.layout-unknown', 'bar2.region-mismatch'].map((id) =>
    unknown(id, 'a device that was not opened', of(hopper()), NOT_OPENED, false),
  ),
  unknown('bar2.length-short', 'tables that only root may read', unprivileged(), NO_PERMISSION, false),
  unknown('bar2.length-short', 'no resource', without(`${DEVICE}/resource`), NO_BARS),
  unknown(
    'bar2.length-short',
    'memory of which nobody says how long it is',
    of(hopper({ memory: { base: 1n << 41n, sizeBytes: 0n }, driver: null })),
    'nobody says how long the coherent memory is',
  ),
  unknown('mem.page-align', 'tables that only root may read', unprivileged(), NO_PERMISSION, false),
  unknown('gi.count', 'tables that only root may read', unprivileged(), NO_PERMISSION),
  unknown(
    'gi.count',
    'firmware that does not say',
    of(hopper(), { files: { [`${TABLES}/DSDT`]: new Uint8Array(36) } }),
    'firmware does not say nvidia,gpu-mem-pxm-count',
  ),
  unknown(
    'rom.bar',
    'a resource of six lines',
    of(hopper(), { files: { [`${DEVICE}/resource`]: '0x0 0x0 0x0\n'.repeat(6) } }),
    'resource does not show the option ROM',
  ),
  ...['device.name-conflict', 'device.unexpected'].map((id) =>
    unknown(id, 'ids that nobody lists', of(hopper({ device: 0x2343 })), 'the ids are in no GPU catalogue'),
  ),
  unknown(
    'nvidia.holders',
    'a process of somebody else',
    withoutDirectory(
      of(onNvidia(), { files: { '/proc/900/stat': '900 (bash) S', '/proc/900/fd/0': '' } }),
      '/proc/900/fd',
    ),
    'the open files of 1 processes may only be read by root',
  ),
  unknown(
    'nvidia.memory-online',
    'addresses that the kernel hides',
    of(onNvidia(), { files: { '/proc/iomem': '00000000-00000000 : System RAM (NVIDIA)\n' } }),
    'the addresses in /proc/iomem are for root only, or firmware names no range',
  ),
  unknown(
    'undo.partial',
    'journals that only root may read',
    withoutDirectory(of(hopper()), '/var/lib/ghpass/journal'),
    '/var/lib/ghpass/journal may only be read by root',
  ),
  unknown('stack.nvlink2', 'no release', openPower9({}, { files: { '/ghpass/uname': null } }), NO_RELEASE, false),
  unknown('stack.pad-bars', 'a device that was not opened', of(hopper()), NOT_OPENED, false),
];

function onNvidia(): SyntheticGpu {
  return hopper({ driver: 'nvidia' });
}
