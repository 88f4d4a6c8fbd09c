/** Extended capabilities start behind the 256 bytes of conventional configuration space (PCIe 6.0, 7.6). */
const EXTENDED_SPACE = 0x100;
/** Offsets are those of dwords: the two lowest bits are reserved, and the kernel ignores them (PCI_EXT_CAP_NEXT). */
const NEXT_MASK = 0xffc;
const DVSEC_CAPABILITY = 0x0023;
const NVIDIA = 0x10de;
/** The DVSEC in which the GPU says whether MIG works with cached memory (nvgrace-gpu/main.c, Linux 6.14). */
const NVIDIA_GPU_DVSEC = 3;

/** The DVSEC of a CXL device (CXL 3.1, 8.1.3): with it the driver takes the deadline for readiness from the device. */
const CXL = 0x1e98;
const CXL_DEVICE_DVSEC = 0;

/**
 * Whether the GPU says that MIG works with cached memory, so that no reserved, uncached part is carved out of it.
 * A missing DVSEC and a clear bit mean the same to the driver: carve-out.
 * @param config configuration space of the function; an unprivileged reader gets 64 bytes of it.
 * @returns null where the extended space was not readable.
 */
export function migWorksWithCachedMemory(config: Uint8Array): boolean | null {
  const dvsec = findDvsec(config, NVIDIA, NVIDIA_GPU_DVSEC);
  if (dvsec === null || dvsec === 'absent') return dvsec === null ? null : false;
  return (dvsec.getUint16(10, true) & 1) === 1;
}

/**
 * Whether the device tells its readiness through CXL, which may take it 256 s (nvgrace-gpu/main.c, Linux 7.2).
 * @returns null where the extended space was not readable.
 */
export function tellsReadinessThroughCxl(config: Uint8Array): boolean | null {
  const dvsec = findDvsec(config, CXL, CXL_DEVICE_DVSEC);
  return dvsec === null ? null : dvsec !== 'absent';
}

/** @returns the capability from its header on; null where the extended space was not readable. */
function findDvsec(config: Uint8Array, vendor: number, id: number): DataView | 'absent' | null {
  if (config.length <= EXTENDED_SPACE) return null;
  const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
  const visited = new Set<number>();
  for (let offset = EXTENDED_SPACE; offset >= EXTENDED_SPACE && offset + 12 <= config.length; ) {
    if (visited.has(offset)) return 'absent';
    visited.add(offset);
    const header = view.getUint32(offset, true);
    if (
      (header & 0xffff) === DVSEC_CAPABILITY &&
      view.getUint16(offset + 4, true) === vendor &&
      view.getUint16(offset + 8, true) === id
    ) {
      return new DataView(config.buffer, config.byteOffset + offset, config.byteLength - offset);
    }
    offset = (header >>> 20) & NEXT_MASK;
  }
  return 'absent';
}
