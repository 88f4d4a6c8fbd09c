import type { AmlData } from './aml-data.ts';
import { readNamedObjects } from './aml-names.ts';

/** Device Properties UUID daffd814-6eba-4d8c-8a91-bc9bbf4aa301 as the bytes of a ToUUID buffer (ACPI `_DSD` guide 2.0). */
const DEVICE_PROPERTIES_UUID = '14d8ffdaba6e8c4d8a91bc9bbf4aa301';

/**
 * The integer device properties (`_DSD`) of one device. Several GPUs of a board carry the same property names, so only
 * the `_DSD` object of the device with exactly this path counts.
 * @param tables raw DSDT and SSDTs. Later tables add to what earlier ones say.
 * @param devicePath what the device's `firmware_node/path` reads.
 * @returns property name → value; null where no table has a `_DSD` for the device.
 */
export function readDeviceProperties(tables: readonly Uint8Array[], devicePath: string): Map<string, bigint> | null {
  let properties: Map<string, bigint> | null = null;
  for (const table of tables) {
    for (const { path, value } of readNamedObjects(table, '_DSD')) {
      if (path !== devicePath) continue;
      properties ??= new Map();
      for (const [name, integer] of integerProperties(value)) properties.set(name, integer);
    }
  }
  return properties;
}

function* integerProperties(dsd: AmlData): Iterable<[string, bigint]> {
  if (!isPackage(dsd)) return;
  for (let i = 0; i + 1 < dsd.length; i += 2) {
    const [uuid, properties] = [dsd[i], dsd[i + 1]];
    if (!(uuid instanceof Uint8Array) || Buffer.from(uuid).toString('hex') !== DEVICE_PROPERTIES_UUID) continue;
    if (properties === undefined || !isPackage(properties)) continue;
    for (const property of properties) {
      if (!isPackage(property)) continue;
      const [name, value] = property;
      if (typeof name === 'string' && typeof value === 'bigint') yield [name, value];
    }
  }
}

function isPackage(data: AmlData): data is readonly AmlData[] {
  return Array.isArray(data);
}
