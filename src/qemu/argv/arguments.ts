/** One property of an option: `key=value`; a null value stands for a bare word, an undefined one leaves the property out. */
export type Property = readonly [key: string, value: string | number | bigint | null | undefined];

/** An option without a value (`-S`), or with a plain one (`-m 64G`) that QEMU does not split at commas. */
export function plain(flag: string, value?: string): string[] {
  return value === undefined ? [flag] : [flag, value];
}

/**
 * `-flag key=value,…`. A comma inside of a value is doubled, which is QEMU's own escape (util/keyval.c, util/qemu-option.c).
 */
export function option(flag: string, properties: readonly Property[]): string[] {
  const written = properties.flatMap(([key, value]) => {
    if (value === undefined) return [];
    return value === null ? key : `${key}=${String(value).replaceAll(',', ',,')}`;
  });
  return [flag, written.join(',')];
}

const UNITS: readonly [bigint, string][] = [
  [1024n ** 4n, 'T'],
  [1024n ** 3n, 'G'],
  [1024n ** 2n, 'M'],
];

/** A size as QEMU takes it, in the largest unit that divides it; bytes where none does. */
export function size(bytes: bigint): string {
  const unit = UNITS.find(([unitBytes]) => bytes % unitBytes === 0n);
  return unit ? `${bytes / unit[0]}${unit[1]}` : `${bytes}`;
}
