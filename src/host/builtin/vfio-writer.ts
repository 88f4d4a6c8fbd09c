/** A region of a made-up device, as VFIO would answer for it. */
export interface SyntheticRegion {
  index: number;
  sizeBytes: bigint;
  /** Mappable bytes of a special region; null for a plain one. */
  sparseBytes: bigint | null;
}

const REGION_COUNT = 9;
const EINVAL = 22;
/** READ, WRITE and MMAP, and CAPS where there are capabilities (include/uapi/linux/vfio.h). */
const PLAIN_FLAGS = 0x7;
const SPECIAL_FLAGS = 0xf;

/** What `ghpass-vfio probe` would print for a device with these regions; the others are empty, VGA is refused. */
export function helperOutput(address: string, regions: readonly SyntheticRegion[]): string {
  return JSON.stringify({
    schema: 1,
    address,
    via: 'cdev',
    deviceInfo: deviceInfo(),
    regions: Array.from({ length: REGION_COUNT }, (_, index) => {
      if (index === 6) return { index, skipped: true };
      if (index === 8) return { index, errno: EINVAL };
      const region = regions.find((candidate) => candidate.index === index);
      return { index, info: regionInfo(region ?? { index, sizeBytes: 0n, sparseBytes: null }) };
    }),
    error: null,
  });
}

/** struct vfio_device_info: flags RESET and PCI, nine regions, five interrupts. */
function deviceInfo(): string {
  const info = Buffer.alloc(24);
  [24, 0x3, REGION_COUNT, 5].forEach((value, i) => {
    info.writeUInt32LE(value, 4 * i);
  });
  return info.toString('hex');
}

/** struct vfio_region_info, followed by the sparse-mmap capability with one area for a special region. */
function regionInfo({ index, sizeBytes, sparseBytes }: SyntheticRegion): string {
  const info = Buffer.alloc(sparseBytes === null ? 32 : 64);
  info.writeUInt32LE(info.length, 0);
  info.writeUInt32LE(sparseBytes !== null ? SPECIAL_FLAGS : sizeBytes > 0n ? PLAIN_FLAGS : 0, 4);
  info.writeUInt32LE(index, 8);
  info.writeBigUInt64LE(sizeBytes, 16);
  info.writeBigUInt64LE(BigInt(index) << 40n, 24);
  if (sparseBytes !== null) {
    info.writeUInt32LE(32, 12);
    info.writeUInt16LE(1, 32);
    info.writeUInt16LE(1, 34);
    info.writeUInt32LE(1, 40);
    info.writeBigUInt64LE(sparseBytes, 56);
  }
  return info.toString('hex');
}

/** What `ghpass-vfio probe` would print where a step on the way to the device fails. */
export function helperRefusal(
  address: string,
  via: 'cdev' | 'group',
  error: { step: string; errno: number; path: string },
): string {
  return JSON.stringify({ schema: 1, address, via, deviceInfo: null, regions: [], error });
}
