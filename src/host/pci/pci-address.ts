import { GhpassError } from '../../errors.ts';

/** PCI address with its domain, the only form that ghpass prints or accepts: `0009:01:00.0`. */
const PATTERN = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;

/** Whether `text` is a full PCI address in the kernel's spelling. */
export function isPciAddress(text: string): boolean {
  return PATTERN.test(text);
}

/**
 * The kernel's spelling of what a person types: upper case is lowered, a missing domain is 0000 (as `lspci` prints it).
 * @returns null where it is no PCI address.
 */
export function parsePciAddress(text: string): string | null {
  const lower = text.trim().toLowerCase();
  const full = /^[0-9a-f]{2}:/.test(lower) && lower.split(':').length === 2 ? `0000:${lower}` : lower;
  return isPciAddress(full) ? full : null;
}

/**
 * As {@link parsePciAddress}, for what a user gave.
 * @throws GhpassError `pci.address-invalid`.
 */
export function requirePciAddress(text: string): string {
  const address = parsePciAddress(text);
  if (address !== null) return address;
  throw new GhpassError('usage', {
    code: 'pci.address-invalid',
    message: `${JSON.stringify(text)} is no PCI address; one looks like 0009:01:00.0`,
    suggestions: ['ghpass probe', 'lspci -D -d 10de:'],
  });
}
