export const KIB = 1024n;
export const MIB = 1024n * KIB;
export const GIB = 1024n * MIB;
export const TIB = 1024n * GIB;

/** The next power of two that is not below `bytes`; 0 stays 0. */
export function nextPowerOfTwo(bytes: bigint): bigint {
  if (bytes <= 0n) return 0n;
  return 1n << BigInt((bytes - 1n).toString(2).length - (bytes === 1n ? 1 : 0));
}

export function isPowerOfTwo(bytes: bigint): boolean {
  return bytes > 0n && (bytes & (bytes - 1n)) === 0n;
}

/** `bytes` rounded up to a multiple of `alignment`, which is a power of two. */
export function alignUp(bytes: bigint, alignment: bigint): bigint {
  return (bytes + alignment - 1n) & ~(alignment - 1n);
}

/** A size as people write it, exact: the largest binary unit that divides it, or two decimals and the bytes. */
export function formatBytes(bytes: bigint): string {
  const units: [bigint, string][] = [
    [TIB, 'TiB'],
    [GIB, 'GiB'],
    [MIB, 'MiB'],
    [KIB, 'KiB'],
  ];
  for (const [unit, name] of units) {
    if (bytes < unit) continue;
    if (bytes % unit === 0n) return `${bytes / unit} ${name}`;
    const hundredths = (bytes * 100n) / unit;
    const exact = hundredths * unit === bytes * 100n;
    const decimal = (Number(hundredths) / 100).toString();
    return exact ? `${decimal} ${name}` : `${decimal} ${name} (${formatAddress(bytes)})`;
  }
  return `${bytes} B`;
}

/** An address, or a size that is best read in hexadecimal: `0x140000000`. */
export function formatAddress(value: bigint): string {
  return `0x${value.toString(16)}`;
}
