import type { HostFiles } from '../files.ts';
import { UnreadableFileError } from '../files.ts';

const TABLES = '/sys/firmware/acpi/tables';

/** The tables that hold device objects, or why they could not be had. */
export type DefinitionBlocks = { tables: Uint8Array[] } | { unreadable: { path: string; errno: string } };

/**
 * Raw DSDT and SSDTs, the dynamically loaded ones included. They are mode 0400: without root the answer is `unreadable`.
 * A host without ACPI has no tables at all, which is `{ tables: [] }`.
 */
export function readDefinitionBlocks(files: HostFiles): DefinitionBlocks {
  const paths = [TABLES, `${TABLES}/dynamic`].flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => /^(DSDT|SSDT\d*)$/.test(name))
      .map((name) => `${directory}/${name}`),
  );
  try {
    return { tables: paths.map((path) => files.readBytes(path)).filter((bytes) => bytes !== null) };
  } catch (error) {
    if (error instanceof UnreadableFileError) return { unreadable: { path: error.path, errno: error.errno } };
    throw error;
  }
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
