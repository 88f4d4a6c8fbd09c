/** AML by hand, for what no compiler would write. Test data is data: it shares nothing with the reader. */

const HEADER_BYTES = 36;

/** A definition block: 36 bytes of header, then the terms. */
export function table(...terms: (Uint8Array | number[] | string)[]): Uint8Array {
  const body = bytes(...terms);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('SSDT', 0, 'latin1');
  header.writeUInt32LE(HEADER_BYTES + body.length, 4);
  return Buffer.concat([header, body]);
}

/** Bytes one after the other; text stands for its characters. */
export function bytes(...parts: (Uint8Array | number[] | string)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
}

/** PkgLength in the four-byte form, which holds any length; then the content. */
export function pkg(...content: (Uint8Array | number[] | string)[]): Buffer {
  const body = bytes(...content);
  const length = body.length + 4;
  const head = [0xc0 | (length & 0xf), (length >> 4) & 0xff, (length >> 12) & 0xff, (length >> 20) & 0xff];
  return bytes(head, body);
}

export const scope = (name: Uint8Array | string | number[], ...terms: (Uint8Array | number[] | string)[]) =>
  bytes([0x10], pkg(name, ...terms));

export const device = (name: Uint8Array | string | number[], ...terms: (Uint8Array | number[] | string)[]) =>
  bytes([0x5b, 0x82], pkg(name, ...terms));

/** `Name (name, value)`; the value is AML. */
export const named = (name: string, ...value: (Uint8Array | number[] | string)[]) => bytes([0x08], name, ...value);

export const dataPackage = (...elements: (Uint8Array | number[] | string)[]) =>
  bytes([0x12], pkg([elements.length], ...elements));

export const text = (value: string) => bytes([0x0d], value, [0]);

/** The UUID of device properties, as ToUUID writes it. */
export const UUID = bytes([0x11, 0x13, 0x0a, 0x10], Buffer.from('14d8ffdaba6e8c4d8a91bc9bbf4aa301', 'hex'));

/** `Name (_DSD, Package () { UUID, Package () { Package () { name, value }, … } })`; each value is AML. */
export function dsd(properties: Readonly<Record<string, number[]>>): Buffer {
  const pairs = Object.entries(properties).map(([name, value]) => dataPackage(text(name), value));
  return named('_DSD', dataPackage(UUID, dataPackage(...pairs)));
}
