/** Commands of the vfio-user protocol 0.0 that a client sends (QEMU, docs/interop/vfio-user.rst, "Commands"). */
export const Command = {
  version: 1,
  dmaMap: 2,
  dmaUnmap: 3,
  deviceGetInfo: 4,
  deviceGetRegionInfo: 5,
  deviceGetIrqInfo: 7,
  deviceSetIrqs: 8,
  regionRead: 9,
  regionWrite: 10,
  deviceReset: 13,
} as const;

export const HEADER_BYTES = 16;

/** The most data one read or write may carry: the protocol's default, and what the server announces. */
export const MAX_TRANSFER_BYTES = 1 << 20;

/** The longest message that makes sense: a region write of the most data, with its 16 bytes of offset, region, count. */
export const MAX_MESSAGE_BYTES = HEADER_BYTES + 16 + MAX_TRANSFER_BYTES;

const TYPE_MASK = 0xf;
const TYPE_COMMAND = 0x0;
const TYPE_REPLY = 0x1;
const FLAG_NO_REPLY = 0x10;
const FLAG_ERROR = 0x20;

/** A command from the client. `payload` is what follows the header. */
export interface Message {
  readonly id: number;
  readonly command: number;
  readonly noReply: boolean;
  readonly payload: Buffer;
}

/** The stream itself cannot be trusted any more: the connection has to be closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/**
 * A reader of a byte stream that may be split anywhere: it takes the next chunk and gives the messages completed by it.
 * Throws a ProtocolError as soon as a header shows a length no message has, or a reply that nobody asked for.
 */
export function createMessageReader(): (chunk: Buffer) => Message[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const messages: Message[] = [];
    while (pending.length >= HEADER_BYTES) {
      const sizeBytes = checkedSize(pending);
      if (pending.length < sizeBytes) break;
      messages.push({
        id: pending.readUInt16LE(0),
        command: pending.readUInt16LE(2),
        noReply: (pending.readUInt32LE(8) & FLAG_NO_REPLY) !== 0,
        payload: pending.subarray(HEADER_BYTES, sizeBytes),
      });
      pending = pending.subarray(sizeBytes);
    }
    return messages;
  };
}

/** A reply that carries data. */
export function encodeReply(to: Message, payload: Buffer): Buffer {
  return Buffer.concat([header(to, HEADER_BYTES + payload.length, TYPE_REPLY, 0), payload]);
}

/** A reply that carries an errno; such a reply is a header and nothing else. */
export function encodeErrorReply(to: Message, errno: number): Buffer {
  return header(to, HEADER_BYTES, TYPE_REPLY | FLAG_ERROR, errno);
}

function header(to: Message, sizeBytes: number, flags: number, errno: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16LE(to.id, 0);
  bytes.writeUInt16LE(to.command, 2);
  bytes.writeUInt32LE(sizeBytes, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeUInt32LE(errno, 12);
  return bytes;
}

function checkedSize(bytes: Buffer): number {
  const command = bytes.readUInt16LE(2);
  const sizeBytes = bytes.readUInt32LE(4);
  const type = bytes.readUInt32LE(8) & TYPE_MASK;
  if (sizeBytes < HEADER_BYTES || sizeBytes > MAX_MESSAGE_BYTES) {
    throw new ProtocolError(
      `message with command ${command} claims ${sizeBytes} bytes; a message has ${HEADER_BYTES} to ${MAX_MESSAGE_BYTES}`,
    );
  }
  if (type !== TYPE_COMMAND) {
    throw new ProtocolError(
      `message with command ${command} is of type ${type}; a client sends type ${TYPE_COMMAND} only`,
    );
  }
  return sizeBytes;
}
