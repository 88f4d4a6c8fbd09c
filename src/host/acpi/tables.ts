import type { HostFiles } from '../files.ts';
import { UnreadableFileError } from '../files.ts';
import { type DeviceProperties, readDeviceProperties } from './device-properties.ts';

const TABLES = '/sys/firmware/acpi/tables';

/** What the tables that hold device objects say of devices, or why they could not be had. */
export type DefinitionBlocks = { properties: DeviceProperties } | { unreadable: { path: string; errno: string } };

/**
 * The definition blocks, the dynamically loaded ones included, read once for all devices, in the order in which they count: of
 * an object that several tables define the kernel keeps the first, that is DSDT before SSDT1 before SSDT2, and only an OSDT
 * takes the place of what is there (ACPICA, nsparse.c, acpi_ns_execute_table). They are mode 0400: without root the answer is
 * `unreadable`. A host without ACPI has no tables at all, and so no properties.
 */
export function readDefinitionBlocks(files: HostFiles): DefinitionBlocks {
  const loaded = namesIn(files, TABLES);
  const dynamic = namesIn(files, `${TABLES}/dynamic`);
  const paths = [
    ...[...dynamic.filter(isOverride).reverse(), ...loaded.filter(isOverride).reverse()],
    ...loaded.filter((path) => path.endsWith('/DSDT')),
    ...[...loaded, ...dynamic].filter((path) => /\/SSDT\d*$/.test(path)),
  ];
  try {
    const tables = paths.map((path) => files.readBytes(path)).filter((bytes) => bytes !== null);
    return { properties: readDeviceProperties(tables) };
  } catch (error) {
    if (error instanceof UnreadableFileError) return { unreadable: { path: error.path, errno: error.errno } };
    throw error;
  }
}

/** Paths of the definition blocks, in the order of their numbers: sysfs counts the tables of a signature from 1. */
function namesIn(files: HostFiles, directory: string): string[] {
  const number = (name: string) => Number(name.slice(4));
  return files
    .list(directory)
    .filter((name) => /^(?:DSDT|[SO]SDT\d{0,3})$/.test(name))
    .sort((a, b) => number(a) - number(b))
    .map((name) => `${directory}/${name}`);
}

function isOverride(path: string): boolean {
  return /\/OSDT\d*$/.test(path);
}

/** Names of the host's ACPI tables, readable or not; none where it has no ACPI. */
export function listTables(files: HostFiles): string[] {
  return files.list(TABLES);
}

/** One table by its signature (`SRAT`, `SLIT`), or null where it is absent or not readable. */
export function readTable(files: HostFiles, signature: string): Uint8Array | null {
  try {
    return files.readBytes(`${TABLES}/${signature}`);
  } catch (error) {
    if (error instanceof UnreadableFileError) return null;
    throw error;
  }
}
