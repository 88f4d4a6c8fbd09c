import type { AmlData } from './aml-data.ts';
import { readNamedObjects } from './aml-names.ts';

/** Device Properties UUID daffd814-6eba-4d8c-8a91-bc9bbf4aa301 as the bytes of a ToUUID buffer (ACPI `_DSD` guide 2.0). */
const DEVICE_PROPERTIES_UUID = '14d8ffdaba6e8c4d8a91bc9bbf4aa301';
const UUID_BYTES = 16;

/** Integer device properties by the path of their device, and by their name. */
export type DeviceProperties = ReadonlyMap<string, ReadonlyMap<string, bigint>>;

/**
 * The integer device properties (`_DSD`) of all devices. Several GPUs of a board carry the same property names, so only the
 * `_DSD` object of the device with exactly the right path counts, and of several such the first: the kernel does not let a
 * later one take its place (ACPICA, nsaccess.c, AE_ALREADY_EXISTS).
 * @param tables raw definition blocks, in the order in which they count.
 * @returns by what a device's `firmware_node/path` reads; devices without a `_DSD` are absent.
 */
export function readDeviceProperties(tables: readonly Uint8Array[]): DeviceProperties {
  const devices = new Map<string, Map<string, bigint>>();
  for (const table of tables) {
    for (const { path, value } of readNamedObjects(table, '_DSD')) {
      if (!devices.has(path)) devices.set(path, integerProperties(value));
    }
  }
  return devices;
}

/**
 * As the kernel takes a `_DSD` apart: what is no pair of UUID and package ends it, a set with one malformed property counts
 * for nothing, and of several properties of a name the first counts (drivers/acpi/property.c, acpi_extract_properties,
 * acpi_properties_format_valid, acpi_data_get_property).
 */
function integerProperties(dsd: AmlData): Map<string, bigint> {
  const first = new Map<string, AmlData>();
  if (!isPackage(dsd) || dsd.length % 2 !== 0) return new Map();
  for (let i = 0; i < dsd.length; i += 2) {
    const [uuid, properties] = [dsd[i], dsd[i + 1]];
    if (!(uuid instanceof Uint8Array) || uuid.length !== UUID_BYTES || !isPackage(properties)) break;
    if (Buffer.from(uuid).toString('hex') !== DEVICE_PROPERTIES_UUID || !properties.every(isProperty)) continue;
    for (const [name, value] of properties) if (!first.has(name)) first.set(name, value);
  }
  return new Map([...first].filter((entry): entry is [string, bigint] => typeof entry[1] === 'bigint'));
}

/** A name, and an integer, a string, a reference, or a package of these. */
function isProperty(property: AmlData): property is [string, AmlData] {
  if (!isPackage(property) || property.length !== 2) return false;
  const [name, value] = property;
  if (typeof name !== 'string' || value === undefined) return false;
  return isPackage(value) ? value.every(isScalar) : isScalar(value);
}

function isScalar(data: AmlData): boolean {
  return !isPackage(data) && !(data instanceof Uint8Array);
}

function isPackage(data: AmlData | undefined): data is readonly AmlData[] {
  return Array.isArray(data);
}
