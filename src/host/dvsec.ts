/** Extended capabilities start behind the 256 bytes of conventional configuration space (PCIe 6.0, 7.6). */
const EXTENDED_SPACE = 0x100;
const DVSEC_CAPABILITY = 0x0023;
const NVIDIA = 0x10de;
/** The DVSEC in which the GPU says whether MIG works with cached memory (nvgrace-gpu/main.c, Linux 6.14). */
const NVIDIA_GPU_DVSEC = 3;

/**
 * Whether the GPU says that MIG works with cached memory, so that no reserved, uncached part is carved out of it.
 * A missing DVSEC and a clear bit mean the same to the driver: carve-out.
 * @param config configuration space of the function; an unprivileged reader gets 64 bytes of it.
 * @returns null where the extended space was not readable.
 */
export function migWorksWithCachedMemory(config: Uint8Array): boolean | null {
  if (config.length <= EXTENDED_SPACE) return null;
  const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
  const visited = new Set<number>();
  for (let offset = EXTENDED_SPACE; offset >= EXTENDED_SPACE && offset + 12 <= config.length; ) {
    if (visited.has(offset)) return false;
    visited.add(offset);
    const header = view.getUint32(offset, true);
    if (
      (header & 0xffff) === DVSEC_CAPABILITY &&
      view.getUint16(offset + 4, true) === NVIDIA &&
      view.getUint16(offset + 8, true) === NVIDIA_GPU_DVSEC
    ) {
      return (view.getUint16(offset + 10, true) & 1) === 1;
    }
    offset = header >>> 20;
  }
  return false;
}
