/** What the I/O Remapping Table (Arm DEN 0049, revision E) says of SMMUs and interrupts. */
export interface Iort {
  /** SMMUs of version 3: where their registers are, and whether firmware says that their table walks are coherent. */
  smmus: { base: bigint; coherent: boolean }[];
  /** Groups of GIC ITSs, which keep the interrupts of one device from being raised by another. */
  itsGroups: number;
}

const HEADER_BYTES = 48;
const ITS_GROUP = 0;
const SMMU_V3 = 4;
/** Base address and flags of an SMMUv3 node end here. */
const SMMU_V3_BYTES = 28;
/** Flag of an SMMUv3 node by which Linux decides on coherency (arm_smmu_device_acpi_probe, arm-smmu-v3.c). */
const COHACC_OVERRIDE = 1;

/** @returns null where the table is cut short or contradicts itself. */
export function readIort(table: Uint8Array): Iort | null {
  if (table.length < HEADER_BYTES) return null;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const iort: Iort = { smmus: [], itsGroups: 0 };
  let offset = view.getUint32(40, true);
  for (let left = view.getUint32(36, true); left > 0; left -= 1) {
    const length = offset + 3 <= table.length ? view.getUint16(offset + 1, true) : 0;
    if (length < 16 || offset + length > table.length) return null;
    readNode(new DataView(view.buffer, view.byteOffset + offset, length), iort);
    offset += length;
  }
  return iort;
}

function readNode(node: DataView, iort: Iort): void {
  const type = node.getUint8(0);
  if (type === ITS_GROUP) iort.itsGroups += 1;
  if (type !== SMMU_V3 || node.byteLength < SMMU_V3_BYTES) return;
  const coherent = (node.getUint32(24, true) & COHACC_OVERRIDE) !== 0;
  iort.smmus.push({ base: node.getBigUint64(16, true), coherent });
}
