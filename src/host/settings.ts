import { type Iort, readIort } from './acpi/iort.ts';
import { readTable } from './acpi/tables.ts';
import type { HostFacts } from './facts.ts';
import { type HostFiles, readText } from './files.ts';
import type { Host } from './host.ts';
import { type LockLimit, readLockLimit } from './kernel/lock-limit.ts';
import { type CpuSettings, readCpuSettings } from './numa/cpus.ts';
import { type HugePageFacts, readHugePages } from './numa/huge-pages.ts';
import { listPciFunctions } from './pci/pci.ts';
import { readVfioModules, type VfioModules } from './pci/vfio-modules.ts';

/** How a host is set up, beside what its GPUs are: what `doctor` and a guest need, and `probe` does not. */
export interface HostSettings {
  /** Null where the table is absent, not readable or broken. */
  iort: Iort | null;
  vfio: VfioModules;
  hugePages: HugePageFacts;
  lockLimit: LockLimit | null;
  cpus: CpuSettings;
  /** /proc/sys/kernel/numa_balancing; null where it is not known. */
  numaBalancing: number | null;
  /** Addresses of NVSwitches; null where the class of a function of NVIDIA is not known. */
  nvSwitches: string[] | null;
  /** Devices of extended GPU memory: `egm4`; null where sysfs has no classes. */
  egmDevices: string[] | null;
}

const NVIDIA = 0x10de;
/** Class and subclass of an NVSwitch: a bridge of no other kind. */
const OTHER_BRIDGE = 0x0680;

/** @param facts what was read of the same host before. */
export function readHostSettings({ files }: Host, facts: HostFacts): HostSettings {
  const table = readTable(files, 'IORT');
  const balancing = readText(files, '/proc/sys/kernel/numa_balancing');
  return {
    iort: table && readIort(table),
    vfio: readVfioModules(files),
    hugePages: readHugePages(files, facts.numa),
    lockLimit: readLockLimit(files),
    cpus: readCpuSettings(files),
    numaBalancing: balancing === null ? null : Number(balancing),
    nvSwitches: findNvSwitches(files),
    egmDevices: files.list('/sys/class').length === 0 ? null : files.list('/sys/class/egm'),
  };
}

function findNvSwitches(files: HostFiles): string[] | null {
  const functions = listPciFunctions(files)
    .filter(({ vendor }) => vendor === NVIDIA)
    .map(({ address }) => ({ address, kind: readText(files, `/sys/bus/pci/devices/${address}/class`) }));
  if (functions.some(({ kind }) => kind === null)) return null;
  return functions.filter(({ kind }) => Number(kind) >> 8 === OTHER_BRIDGE).map(({ address }) => address);
}
