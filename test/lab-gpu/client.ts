import { once } from 'node:events';
import { createConnection } from 'node:net';

/** One reply as the protocol carries it. */
export interface Reply {
  readonly id: number;
  readonly command: number;
  readonly flags: number;
  readonly errno: number;
  readonly payload: Buffer;
}

/** A vfio-user client of a few lines, independent of the server's own codec. */
export interface Client {
  request(command: number, payload?: Buffer): Promise<Reply>;
  /** Writes bytes as they are. */
  sendBytes(bytes: Buffer): void;
  /** The next reply in the order of arrival; rejects when the server closes the connection. */
  nextReply(): Promise<Reply>;
  /** Settles when the server has closed the connection. */
  readonly disconnected: Promise<void>;
  close(): void;
}

/** Connects without saying anything. */
export async function connectClient(socketPath: string): Promise<Client> {
  const socket = createConnection(socketPath);
  await once(socket, 'connect');
  const replies: Reply[] = [];
  const waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 16 && pending.length >= pending.readUInt32LE(4)) {
      const reply = decodeReply(pending);
      pending = pending.subarray(pending.readUInt32LE(4));
      const waiter = waiting.shift();
      if (waiter) waiter.resolve(reply);
      else replies.push(reply);
    }
  });
  socket.on('error', () => undefined);
  const disconnected = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const waiter of waiting.splice(0)) waiter.reject(new Error('the server closed the connection'));
      resolve();
    });
  });
  const nextReply = () => {
    const reply = replies.shift();
    if (reply) return Promise.resolve(reply);
    return new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  let lastId = 0;
  return {
    request(command, payload = Buffer.alloc(0)) {
      lastId += 1;
      socket.write(encodeCommand({ id: lastId, command, payload }));
      return nextReply();
    },
    sendBytes: (bytes) => void socket.write(bytes),
    nextReply,
    disconnected,
    close: () => void socket.end(),
  };
}

/** Connects and negotiates version 0.0. */
export async function connectNegotiated(socketPath: string): Promise<Client> {
  const client = await connectClient(socketPath);
  await client.request(1, Buffer.alloc(4));
  return client;
}

/** A command as it goes over the wire. */
export function encodeCommand(fields: { id: number; command: number; payload?: Buffer; flags?: number }): Buffer {
  const payload = fields.payload ?? Buffer.alloc(0);
  const header = Buffer.alloc(16);
  header.writeUInt16LE(fields.id, 0);
  header.writeUInt16LE(fields.command, 2);
  header.writeUInt32LE(16 + payload.length, 4);
  header.writeUInt32LE(fields.flags ?? 0, 8);
  return Buffer.concat([header, payload]);
}

/** The payload of a region read, or the head of a region write. */
export function regionRange(region: number, offset: bigint, countBytes: number): Buffer {
  const payload = Buffer.alloc(16);
  payload.writeBigUInt64LE(offset, 0);
  payload.writeUInt32LE(region, 8);
  payload.writeUInt32LE(countBytes, 12);
  return payload;
}

/** A payload of 32-bit words. */
export function words(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function decodeReply(bytes: Buffer): Reply {
  return {
    id: bytes.readUInt16LE(0),
    command: bytes.readUInt16LE(2),
    flags: bytes.readUInt32LE(8),
    errno: bytes.readUInt32LE(12),
    payload: Buffer.from(bytes.subarray(16, bytes.readUInt32LE(4))),
  };
}
