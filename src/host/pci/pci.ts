import type { HostFiles } from '../files.ts';
import { readBytesIfReadable, readLinkName, readText, readTextIfReadable } from '../files.ts';
import { isPciAddress } from './pci-address.ts';
import { type PciState, readPciState } from './pci-state.ts';

const DEVICES = '/sys/bus/pci/devices';
const BAR_COUNT = 6;

/** Ids of a function, enough to decide whether it is of interest. */
export interface PciIds {
  address: string;
  vendor: number;
  device: number;
}

/** A base address register as the kernel has it, not as VFIO shows it. */
export interface Bar {
  start: bigint;
  /** Length in bytes; 0 where the BAR does not exist. */
  lengthBytes: bigint;
}

/** One PCI function as sysfs shows it. */
export interface PciFunction extends PciIds {
  subsystemVendor: number;
  subsystemDevice: number;
  modalias: string;
  /** BAR0 to BAR5. Line k of `resource` is BAR k. Empty where the file is absent. */
  bars: Bar[];
  /** Length of the option ROM in bytes, 0 where there is none; null where it is not known. */
  romBytes: bigint | null;
  /** Name of the driver's sysfs directory; null where no driver is bound. */
  driver: string | null;
  /** Null where nothing is overridden. */
  driverOverride: string | null;
  iommuGroup: string | null;
  /** All functions of the IOMMU group with their drivers; empty where the group is not known. */
  groupMembers: { address: string; driver: string | null; isBridge: boolean }[];
  /** Host NUMA node; null where the kernel knows none. */
  numaNode: number | null;
  /** ACPI path of the companion device, as `firmware_node/path` reads; null where there is none. */
  acpiPath: string | null;
  /** Names from `reset_method`; null where the file is absent, empty where there is no method. */
  resetMethods: string[] | null;
  /** Virtual functions that are enabled; null where the function has none to enable. */
  enabledVfs: number | null;
  /** Configuration space; 64 bytes for an unprivileged reader; null where it cannot be read. */
  config: Uint8Array | null;
  state: PciState;
}

/** Which functions of a host are wanted: those of some vendors, and some others by their addresses. */
export interface WantedFunctions {
  vendors: readonly number[];
  addresses: ReadonlySet<string>;
}

/**
 * Vendor and device id of the functions of a host, in order of their addresses.
 * @param wanted leaves the others out, and as far as possible unread: there may be thousands.
 */
export function listPciFunctions(files: HostFiles, wanted?: WantedFunctions): PciIds[] {
  const addresses = files.list(DEVICES).filter(isPciAddress);
  const places = wanted ? placesOfVendors(files, addresses, wanted.vendors) : null;
  return addresses
    .filter((address) => places === null || places.has(placeOf(address)) || wanted?.addresses.has(address))
    .map((address) => ({ address, vendor: readHex(files, address, 'vendor') }))
    .filter(({ address, vendor }) => !wanted || wanted.vendors.includes(vendor) || wanted.addresses.has(address))
    .map((ids) => ({ ...ids, device: readHex(files, ids.address, 'device') }));
}

/**
 * Where functions of some vendors are, without the domain, which this list lacks: one file for all functions
 * (drivers/pci/proc.c, show_device).
 * @returns null where there is no such list, or one of other functions than sysfs has, as where a container has a /sys of its own.
 */
function placesOfVendors(
  files: HostFiles,
  addresses: readonly string[],
  vendors: readonly number[],
): Set<string> | null {
  const text = readTextIfReadable(files, '/proc/bus/pci/devices') ?? '';
  const lines = [...text.matchAll(/^([0-9a-f]{4})\t([0-9a-f]{4})[0-9a-f]{4}\t/gm)];
  const listed = lines.map(([, place = '']) => place).sort();
  const present = addresses.map(placeOf).sort();
  if (listed.length !== present.length || listed.some((place, i) => place !== present[i])) return null;
  return new Set(
    lines.filter(([, , vendor = '']) => vendors.includes(Number.parseInt(vendor, 16))).map(([, place = '']) => place),
  );
}

/** Bus, device and function as one number of four hexadecimal digits: `01:00.0` is `0100`. */
function placeOf(address: string): string {
  const [bus = '', rest = ''] = address.split(':').slice(-2);
  const devfn = (Number.parseInt(rest, 16) << 3) | Number(rest.at(-1));
  return bus + devfn.toString(16).padStart(2, '0');
}

/**
 * Everything that sysfs says about one function.
 * @param isLocked somebody hangs while they hold the lock of the device: what waits for that is left unread.
 */
export function readPciFunction(files: HostFiles, ids: PciIds, isLocked = false): PciFunction {
  const directory = `${DEVICES}/${ids.address}`;
  const iommuGroup = readLinkName(files, `${directory}/iommu_group`);
  const numaNode = readText(files, `${directory}/numa_node`) ?? '';
  const override = isLocked ? null : readText(files, `${directory}/driver_override`);
  const resources = parseResource(readText(files, `${directory}/resource`));
  return {
    ...ids,
    subsystemVendor: readHex(files, ids.address, 'subsystem_vendor'),
    subsystemDevice: readHex(files, ids.address, 'subsystem_device'),
    modalias: readText(files, `${directory}/modalias`) ?? '',
    bars: resources.slice(0, BAR_COUNT),
    romBytes: resources[BAR_COUNT]?.lengthBytes ?? null,
    driver: readLinkName(files, `${directory}/driver`),
    driverOverride: override === null || override === '(null)' || override === '' ? null : override,
    iommuGroup,
    groupMembers: iommuGroup === null ? [] : readGroupMembers(files, iommuGroup),
    numaNode: /^\d{1,4}$/.test(numaNode) ? Number(numaNode) : null,
    acpiPath: readTextIfReadable(files, `${directory}/firmware_node/path`),
    resetMethods: readText(files, `${directory}/reset_method`)?.split(' ').filter(Boolean) ?? null,
    enabledVfs: isLocked ? null : readCount(files, `${directory}/sriov_numvfs`),
    config: readBytesIfReadable(files, `${directory}/config`),
    state: readPciState(files, directory, iommuGroup),
  };
}

/** Drivers that leave DMA to the owner of the group (driver_managed_dma). */
const HARMLESS_DRIVERS = new Set(['pcieport', 'pci-stub']);

/**
 * The other functions of the IOMMU group that are on a driver of the host: as long as they are, VFIO refuses the group
 * (drivers/iommu/iommu.c, iommu_group_claim_dma_owner).
 */
export function hostDrivenMembers(pci: PciFunction): { address: string; driver: string }[] {
  return pci.groupMembers.flatMap(({ address, driver, isBridge }) =>
    address === pci.address || isBridge || driver === null || HARMLESS_DRIVERS.has(driver) || /vfio/.test(driver)
      ? []
      : [{ address, driver }],
  );
}

function readGroupMembers(files: HostFiles, group: string): PciFunction['groupMembers'] {
  return files.list(`/sys/kernel/iommu_groups/${group}/devices`).map((address) => ({
    address,
    driver: readLinkName(files, `${DEVICES}/${address}/driver`),
    isBridge: readHex(files, address, 'class') >> 16 === 0x06,
  }));
}

/** `start end flags` per line, hexadecimal; six BARs, the option ROM, more (drivers/pci/pci-sysfs.c, resource_show). */
function parseResource(text: string | null): Bar[] {
  if (text === null) return [];
  return text.split('\n').map((line) => {
    const [start = 0n, end = 0n] = line
      .split(' ')
      .map((word) => (/^0x[0-9a-f]{1,16}$/i.test(word) ? BigInt(word) : 0n));
    return { start, lengthBytes: end === 0n || end < start ? 0n : end - start + 1n };
  });
}

function readCount(files: HostFiles, path: string): number | null {
  const text = readText(files, path);
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** 0, which is nobody's id, where the file is absent or says something else. */
function readHex(files: HostFiles, address: string, attribute: string): number {
  const text = readText(files, `${DEVICES}/${address}/${attribute}`) ?? '';
  return /^0x[0-9a-f]{1,6}$/i.test(text) ? Number(text) : 0;
}
