/** A region as vfio-pci answers for it on POWER9. */
export interface NvlinkRegion {
  index: number;
  sizeBytes: bigint;
  /** READ, WRITE and MMAP unless said otherwise. */
  flags?: number;
  /** Capabilities in their order: id, and the eight bytes behind the header as one little-endian number. */
  capabilities?: readonly (readonly [id: number, payload: bigint])[];
}

const PCI_REGION_COUNT = 9;
const ROM = 6;
const VGA = 8;
const EINVAL = 22;
const INFO_BYTES = 32;
const CAPABILITY_BYTES = 16;
const MAPPABLE = 0x7;
const CAPS = 0x8;

/** Payload of the type capability: vendor type (0x80000000 and the PCI vendor) and subtype 1. */
export function typeOf(vendor: number): readonly [id: number, payload: bigint] {
  return [2, (1n << 32n) | 0x8000_0000n | BigInt(vendor)];
}

/** What `ghpass-vfio probe` would print for a function with these regions; POWER9's kernels had no cdev. */
export function nvlinkHelperOutput(address: string, regions: readonly NvlinkRegion[]): string {
  const count = Math.max(PCI_REGION_COUNT, ...regions.map(({ index }) => index + 1));
  const info = Buffer.alloc(16);
  [info.length, 0x2, count, 5].forEach((value, i) => {
    info.writeUInt32LE(value, 4 * i);
  });
  return JSON.stringify({
    schema: 1,
    address,
    via: 'group',
    deviceInfo: info.toString('hex'),
    regions: Array.from({ length: count }, (_, index) => {
      if (index === ROM) return { index, skipped: true };
      if (index === VGA) return { index, errno: EINVAL };
      return { index, info: regionInfo(regions.find((r) => r.index === index) ?? { index, sizeBytes: 0n, flags: 0 }) };
    }),
    error: null,
  });
}

/** struct vfio_region_info and its chain of capabilities, each of them 16 bytes. */
function regionInfo({ index, sizeBytes, flags = MAPPABLE, capabilities = [] }: NvlinkRegion): string {
  const bytes = Buffer.alloc(INFO_BYTES + CAPABILITY_BYTES * capabilities.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt32LE(capabilities.length > 0 ? flags | CAPS : flags, 4);
  bytes.writeUInt32LE(index, 8);
  bytes.writeUInt32LE(capabilities.length > 0 ? INFO_BYTES : 0, 12);
  bytes.writeBigUInt64LE(sizeBytes, 16);
  bytes.writeBigUInt64LE(BigInt(index) << 40n, 24);
  capabilities.forEach(([id, payload], i) => {
    const at = INFO_BYTES + CAPABILITY_BYTES * i;
    bytes.writeUInt16LE(id, at);
    bytes.writeUInt16LE(1, at + 2);
    bytes.writeUInt32LE(i + 1 < capabilities.length ? at + CAPABILITY_BYTES : 0, at + 4);
    bytes.writeBigUInt64LE(payload, at + 8);
  });
  return bytes.toString('hex');
}
