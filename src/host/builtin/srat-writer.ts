const HEADER_BYTES = 48;

/** What an SRAT is to say; see {@link readSrat} for the fields. */
interface SratContent {
  processors: readonly number[];
  memory: readonly { proximityDomain: number; base: bigint; sizeBytes: bigint }[];
  genericInitiators: readonly { proximityDomain: number; segment: number; bus: number }[];
}

/** System Resource Affinity Table in the order that firmware writes it: processors, memory, generic initiators. */
export function writeSrat(content: SratContent): Uint8Array {
  const entries = [
    ...content.processors.map((proximityDomain, uid) => {
      const entry = entryOf(3, 18);
      entry.writeUInt32LE(proximityDomain, 2);
      entry.writeUInt32LE(uid, 6);
      entry.writeUInt32LE(1, 10);
      return entry;
    }),
    ...content.memory.map(({ proximityDomain, base, sizeBytes }) => {
      const entry = entryOf(1, 40);
      entry.writeUInt32LE(proximityDomain, 2);
      entry.writeBigUInt64LE(base, 8);
      entry.writeBigUInt64LE(sizeBytes, 16);
      entry.writeUInt32LE(1, 28);
      return entry;
    }),
    ...content.genericInitiators.map(({ proximityDomain, segment, bus }) => {
      const entry = entryOf(5, 32);
      entry[3] = 1;
      entry.writeUInt32LE(proximityDomain, 4);
      entry.writeUInt16LE(segment, 8);
      entry[10] = bus;
      entry.writeUInt32LE(1, 24);
      return entry;
    }),
  ];
  const table = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...entries]);
  table.write('SRAT', 0, 'latin1');
  table.writeUInt32LE(table.length, 4);
  return table;
}

function entryOf(type: number, length: number): Buffer {
  const entry = Buffer.alloc(length);
  entry[0] = type;
  entry[1] = length;
  return entry;
}
