/** System Resource Affinity Table (ACPI 6.5, 5.2.16), as far as NUMA nodes of a Grace host or guest need it. */
export interface Srat {
  /** GICC affinity (type 3): which proximity domains have CPUs. */
  processors: { proximityDomain: number; uid: number }[];
  /** Memory affinity (type 1), enabled entries only. */
  memory: { proximityDomain: number; base: bigint; sizeBytes: bigint; hotPluggable: boolean; nonVolatile: boolean }[];
  /** Generic initiator affinity (type 5) with a PCI handle, enabled entries only, in the order of the table. */
  genericInitiators: { proximityDomain: number; address: string }[];
}

const HEADER_BYTES = 48;
const ENABLED = 1;
const HOT_PLUGGABLE = 2;
const NON_VOLATILE = 4;

/** The table is cut short or contradicts itself. */
export class SratError extends Error {
  override readonly name = 'SratError';
}

/**
 * Reads an SRAT; entries of other types are stepped over.
 * @param table the raw table, header included.
 * @throws SratError with the offset where an entry does not fit.
 */
export function readSrat(table: Uint8Array): Srat {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  if (table.length < HEADER_BYTES) throw new SratError(`SRAT of ${table.length} bytes has no header`);
  const srat: Srat = { processors: [], memory: [], genericInitiators: [] };
  const end = view.getUint32(4, true);
  if (end < HEADER_BYTES || end > table.length) {
    throw new SratError(`SRAT says that it has ${end} bytes, there are ${table.length}`);
  }
  let offset = HEADER_BYTES;
  while (offset < end) {
    const length = offset + 2 <= end ? view.getUint8(offset + 1) : 0;
    if (length < 2 || offset + length > end) throw new SratError(`SRAT entry at byte ${offset} does not fit`);
    readEntry(new DataView(view.buffer, view.byteOffset + offset, length), srat);
    offset += length;
  }
  return srat;
}

function readEntry(entry: DataView, srat: Srat): void {
  const type = entry.getUint8(0);
  if (type === 1 && entry.byteLength >= 40) {
    const flags = entry.getUint32(28, true);
    if ((flags & ENABLED) === 0) return;
    srat.memory.push({
      proximityDomain: entry.getUint32(2, true),
      base: entry.getBigUint64(8, true),
      sizeBytes: entry.getBigUint64(16, true),
      hotPluggable: (flags & HOT_PLUGGABLE) !== 0,
      nonVolatile: (flags & NON_VOLATILE) !== 0,
    });
  } else if (type === 3 && entry.byteLength >= 18) {
    if ((entry.getUint32(10, true) & ENABLED) === 0) return;
    srat.processors.push({ proximityDomain: entry.getUint32(2, true), uid: entry.getUint32(6, true) });
  } else if (type === 5 && entry.byteLength >= 32) {
    const hasPciHandle = entry.getUint8(3) === 1;
    if (!hasPciHandle || (entry.getUint32(24, true) & ENABLED) === 0) return;
    srat.genericInitiators.push({ proximityDomain: entry.getUint32(4, true), address: pciHandle(entry) });
  }
}

/** PCI device handle (ACPI 6.5, table 5.66): segment, then bus, then device and function. */
function pciHandle(entry: DataView): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const devfn = entry.getUint8(11);
  return `${hex(entry.getUint16(8, true), 4)}:${hex(entry.getUint8(10), 2)}:${hex(devfn >> 3, 2)}.${devfn & 7}`;
}
