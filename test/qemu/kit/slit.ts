/** The header that every table begins with, and the number of localities (ACPI 6.5, table 5.72). */
const MATRIX_OFFSET = 44;

/** Reads a System Locality Distance Information Table: the distance from each proximity domain to each. */
export function readSlit(table: Uint8Array): number[][] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const count = Number(view.getBigUint64(36, true));
  if (table.length !== MATRIX_OFFSET + count * count) {
    throw new Error(`SLIT of ${table.length} bytes does not hold ${count} localities`);
  }
  const row = (from: number) => table.subarray(MATRIX_OFFSET + from * count, MATRIX_OFFSET + (from + 1) * count);
  return Array.from({ length: count }, (_, from) => [...row(from)]);
}
