import { readFwCfgFile } from './fw-cfg.ts';
import { findQemu, type QemuCommand } from './qemu-binary.ts';
import { withQtest } from './qtest.ts';

/** ACPI tables by signature, in the order in which QEMU wrote them. */
export type AcpiTables = Map<string, Uint8Array[]>;

/** The header that every table but FACS begins with: signature, then its length (ACPI 6.5, 5.2.6). */
const HEADER_BYTES = 36;
const TABLES_FILE = 'etc/acpi/tables';

/**
 * The ACPI tables that a guest's firmware would get from a machine with these arguments (`-M virt,…` and the rest; they
 * are added to those of a machine that stands still). No guest runs: checksums are still 0, because the firmware sets
 * them, and bus numbers are 0, because nothing was enumerated.
 * Throws a {@link QemuExit} with status and stderr where QEMU refuses the arguments.
 */
export async function readAcpiTables(qemuArgs: readonly string[], qemu?: QemuCommand): Promise<AcpiTables> {
  const file = await withQtest(qemu ?? (await findQemu()), qemuArgs, (qtest) => readFwCfgFile(qtest, TABLES_FILE));
  return splitTables(file ?? Buffer.alloc(0));
}

/** Takes a file of tables apart: they stand one after the other, with zeros between them and up to the end. */
export function splitTables(file: Buffer): AcpiTables {
  const tables: AcpiTables = new Map();
  let offset = 0;
  while (offset < file.length) {
    if (file[offset] === 0) {
      offset += 1;
      continue;
    }
    const table = tableAt(file, offset);
    const signature = table.toString('latin1', 0, 4);
    tables.set(signature, [...(tables.get(signature) ?? []), table]);
    offset += table.length;
  }
  return tables;
}

function tableAt(file: Buffer, offset: number): Buffer {
  const sizeBytes = offset + HEADER_BYTES <= file.length ? file.readUInt32LE(offset + 4) : 0;
  const signed = /^[A-Z0-9_]{4}$/.test(file.toString('latin1', offset, offset + 4));
  if (signed && sizeBytes >= HEADER_BYTES && offset + sizeBytes <= file.length) {
    return file.subarray(offset, offset + sizeBytes);
  }
  throw new Error(`no ACPI table at byte ${offset} of ${file.length}`);
}
