import { type HostFiles, readBytesIfReadable } from '../files.ts';

/** Entry of the auxiliary vector with the size of a page (include/uapi/linux/auxvec.h). */
const AT_PAGESZ = 6n;
/** Both values of an entry are as long as a pointer, and the hosts of these GPUs are 64-bit and little-endian. */
const ENTRY_BYTES = 16;

/** The page sizes that arm64 can be built with (arch/arm64/Kconfig). */
const BY_OPTION: readonly [string, bigint][] = [
  ['ARM64_64K_PAGES', 65536n],
  ['ARM64_16K_PAGES', 16384n],
  ['ARM64_4K_PAGES', 4096n],
];

/**
 * Size of a page in bytes, as the kernel tells each process, else as it was built.
 * @param config the kernel's build options; null where they are not known.
 * @returns null where neither is known.
 */
export function readPageBytes(files: HostFiles, config: ReadonlyMap<string, string> | null): bigint | null {
  const vector = readBytesIfReadable(files, '/proc/self/auxv');
  const told = vector && pageBytesOf(vector);
  return told ?? BY_OPTION.find(([option]) => config?.get(option) === 'y')?.[1] ?? null;
}

function pageBytesOf(vector: Uint8Array): bigint | null {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  for (let offset = 0; offset + ENTRY_BYTES <= vector.length; offset += ENTRY_BYTES) {
    if (view.getBigUint64(offset, true) === AT_PAGESZ) return view.getBigUint64(offset + 8, true);
  }
  return null;
}
