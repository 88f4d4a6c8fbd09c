const HEADER_BYTES = 48;
const ITS_GROUP_BYTES = 24;
const SMMU_V3_BYTES = 68;

/**
 * An I/O Remapping Table with a group of one ITS and an SMMUv3 for each base address.
 * @param coherent whether firmware calls the SMMUs coherent.
 */
export function writeIort(smmus: readonly bigint[], { itsGroups = 1, coherent = true } = {}): Uint8Array {
  const table = Buffer.alloc(HEADER_BYTES + itsGroups * ITS_GROUP_BYTES + smmus.length * SMMU_V3_BYTES);
  table.write('IORT', 0, 'latin1');
  table.writeUInt32LE(table.length, 4);
  table.writeUInt8(5, 8);
  table.writeUInt32LE(itsGroups + smmus.length, 36);
  table.writeUInt32LE(HEADER_BYTES, 40);
  let offset = HEADER_BYTES;
  const node = (type: number, bytes: number) => {
    table.writeUInt8(type, offset);
    table.writeUInt16LE(bytes, offset + 1);
    offset += bytes;
    return table.subarray(offset - bytes, offset);
  };
  for (let i = 0; i < itsGroups; i += 1) node(0, ITS_GROUP_BYTES).writeUInt32LE(1, 16);
  for (const base of smmus) {
    const smmu = node(4, SMMU_V3_BYTES);
    smmu.writeBigUInt64LE(base, 16);
    smmu.writeUInt32LE(coherent ? 1 : 0, 24);
  }
  return new Uint8Array(table);
}
