/** Writes the few AML constructs that made-up hosts need (ACPI 6.5, section 20.2). */

const TABLE_HEADER_BYTES = 36;

/** A definition block with its 36-byte header, checksum included. */
export function definitionBlock(signature: 'DSDT' | 'SSDT', body: Uint8Array): Uint8Array {
  const table = Buffer.alloc(TABLE_HEADER_BYTES + body.length);
  table.write(signature, 0, 'latin1');
  table.writeUInt32LE(table.length, 4);
  table[8] = 2;
  table.write('GHPASS', 10, 'latin1');
  table.write('SYNTHETC', 16, 'latin1');
  table.set(body, TABLE_HEADER_BYTES);
  table[9] = 256 - (table.reduce((sum, byte) => sum + byte, 0) & 0xff);
  return table;
}

/** `Scope (path) { … }`; the path is as the kernel writes it, `\_SB_.PCI9`. */
export function scope(path: string, ...content: Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.of(0x10), packageOf(nameString(path), ...content)]);
}

/** `Device (name) { … }` with a four-character name. */
export function device(name: string, ...content: Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.of(0x5b, 0x82), packageOf(Buffer.from(name, 'latin1'), ...content)]);
}

/** `Name (_DSD, …)` with integer device properties, written as firmware does: 64-bit constants. */
export function deviceProperties(properties: Readonly<Record<string, bigint>>): Uint8Array {
  const uuid = Buffer.concat([
    Buffer.of(0x11, 0x13, 0x0a, 0x10),
    Buffer.from('14d8ffdaba6e8c4d8a91bc9bbf4aa301', 'hex'),
  ]);
  const pairs = Object.entries(properties).map(([name, value]) => dataPackage(amlString(name), qword(value)));
  return Buffer.concat([Buffer.of(0x08), Buffer.from('_DSD', 'latin1'), dataPackage(uuid, dataPackage(...pairs))]);
}

function dataPackage(...elements: Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.of(0x12), packageOf(Buffer.of(elements.length), ...elements)]);
}

function qword(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(9, 0x0e);
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

function amlString(text: string): Uint8Array {
  return Buffer.concat([Buffer.of(0x0d), Buffer.from(text, 'latin1'), Buffer.of(0)]);
}

/** PkgLength counts itself: one byte up to 63 in all, else a lead byte and two more (up to 1 MiB). */
function packageOf(...parts: Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  if (content.length + 1 < 0x40) return Buffer.concat([Buffer.of(content.length + 1), content]);
  const length = content.length + 3;
  return Buffer.concat([Buffer.of(0x80 | (length & 0x0f), (length >> 4) & 0xff, length >> 12), content]);
}

function nameString(path: string): Uint8Array {
  const segments = path.replace(/^\\/, '').split('.');
  return Buffer.concat([
    Buffer.of(0x5c, 0x2f, segments.length),
    ...segments.map((segment) => Buffer.from(segment, 'latin1')),
  ]);
}
