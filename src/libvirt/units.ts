/** Units of sizes in a domain, as libvirt reads them (src/util/virutil.c, virScaleInteger): decimal with a B, else binary. */
const POWERS = 'kmgtpe';

/** A size with its unit in bytes; null where it is none. */
export function bytesOf(value: string, unit: string): bigint | null {
  if (!/^\d{1,20}$/.test(value.trim())) return null;
  const name = unit.toLowerCase();
  if (name === 'b' || name === 'byte' || name === 'bytes') return BigInt(value);
  const match = /^([kmgtpe])(ib|b)?$/.exec(name);
  if (!match?.[1]) return null;
  const base = match[2] === 'b' ? 1000n : 1024n;
  return BigInt(value) * base ** BigInt(POWERS.indexOf(match[1]) + 1);
}
