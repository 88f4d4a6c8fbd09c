import type { LeaveOutRule } from './rule.ts';

const CONFIG = /^\/sys\/.*\/config$/;
/** Status register bit and pointer of the list of conventional capabilities (PCIe 6.0, 7.5.1). */
const STATUS = 0x06;
const HAS_CAPABILITIES = 0x10;
const CAPABILITIES = 0x34;
/** Vital product data: the serial number is in it, and its data register holds what was read last (PCIe 6.0, 7.9.4). */
const VPD = { id: 0x03, offset: 4, bytes: 4 };
const EXTENDED_SPACE = 0x100;
/** Device serial number (PCIe 6.0, 7.9.3). */
const SERIAL_NUMBER = { id: 0x0003, offset: 4, bytes: 8 };

/** Serial numbers of devices, in their configuration space. */
export const serialNumbers: LeaveOutRule = {
  id: 'serial-numbers',
  title: 'serial numbers',
  apply: (tree) => ({
    ...tree,
    files: Object.fromEntries(
      Object.entries(tree.files).map(([path, content]) => [
        path,
        CONFIG.test(path) && typeof content !== 'string' ? withoutSerialNumber(content) : content,
      ]),
    ),
  }),
};

function withoutSerialNumber(config: Uint8Array): Uint8Array {
  const copy = Buffer.from(config);
  const view = new DataView(copy.buffer, copy.byteOffset, copy.length);
  for (const { id, at } of [...conventional(view), ...extended(view)]) {
    const { offset, bytes } = at < EXTENDED_SPACE ? VPD : SERIAL_NUMBER;
    if (id === (at < EXTENDED_SPACE ? VPD.id : SERIAL_NUMBER.id)) copy.fill(0, at + offset, at + offset + bytes);
  }
  return copy;
}

interface Capability {
  id: number;
  at: number;
}

function conventional(view: DataView): Capability[] {
  if (view.byteLength < EXTENDED_SPACE || !(view.getUint16(STATUS, true) & HAS_CAPABILITIES)) return [];
  return chain(view.getUint8(CAPABILITIES) & ~3, (at) => ({
    id: at + VPD.offset + VPD.bytes <= EXTENDED_SPACE ? view.getUint8(at) : 0,
    next: view.getUint8(at + 1) & ~3,
  }));
}

function extended(view: DataView): Capability[] {
  if (view.byteLength <= EXTENDED_SPACE) return [];
  return chain(EXTENDED_SPACE, (at) => {
    const header = at >= EXTENDED_SPACE && at + 4 <= view.byteLength ? view.getUint32(at, true) : 0;
    return { id: header & 0xffff, next: header >>> 20 };
  });
}

/** Follows a list that the device wrote: it may point anywhere, and in a circle. */
function chain(start: number, read: (at: number) => { id: number; next: number }): Capability[] {
  const found = new Map<number, Capability>();
  for (let at = start; at !== 0 && !found.has(at); ) {
    const { id, next } = read(at);
    found.set(at, { id, at });
    at = next;
  }
  return [...found.values()];
}
