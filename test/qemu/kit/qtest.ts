import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { QemuCommand } from './qemu-binary.ts';
import { startQemu } from './qemu-process.ts';

/** A machine whose memory can be read and written from outside, by guest physical address (QEMU, system/qtest.c). */
export interface Qtest {
  readBytes(address: bigint, countBytes: number): Promise<Buffer>;
  writeBytes(address: bigint, bytes: Buffer): Promise<void>;
  /** Writes a 64-bit register; `value` in the byte order of the guest, which is little endian. */
  writeRegister64(address: bigint, value: bigint): Promise<void>;
}

/**
 * Builds a machine, lets `use` at it, and ends it. Throws a {@link QemuExit} where QEMU ended before `use` was done:
 * when it refused its arguments, or when a device made it exit.
 */
export async function withQtest<T>(
  qemu: QemuCommand,
  qemuArgs: readonly string[],
  use: (qtest: Qtest) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'qtest-'));
  const socketPath = join(directory, 'qtest.sock');
  // QEMU connects to us, so there is no waiting for its socket to appear.
  const listener = createServer().listen(socketPath);
  try {
    await once(listener, 'listening');
    const connected = once(listener, 'connection') as Promise<[Socket]>;
    const { child, ended } = startQemu(qemu, ['-qtest', `unix:${socketPath}`, '-qtest-log', 'none', ...qemuArgs]);
    const refused = ended.then((end) => Promise.reject(end));
    try {
      const session = connected.then(([socket]) => use(speakQtest(socket)));
      return await Promise.race([session, refused]);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  } finally {
    listener.close();
    await rm(directory, { recursive: true });
  }
}

function speakQtest(socket: Socket): Qtest {
  const waiting: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const lines = createInterface({ input: socket });
  // That QEMU ended is told by its process, with the reason; readline hands on the socket's ECONNRESET as its own.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    if (line.startsWith('IRQ')) return;
    const request = waiting.shift();
    if (line === 'OK' || line.startsWith('OK ')) request?.resolve(line.slice(3));
    else request?.reject(new Error(`qtest: ${line}`));
  });
  const request = (command: string) => {
    socket.write(`${command}\n`);
    return new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
  };
  const hex = (value: bigint | number) => `0x${value.toString(16)}`;
  return {
    async readBytes(address, countBytes) {
      return Buffer.from(await request(`b64read ${hex(address)} ${hex(countBytes)}`), 'base64');
    },
    async writeBytes(address, bytes) {
      await request(`b64write ${hex(address)} ${hex(bytes.length)} ${bytes.toString('base64')}`);
    },
    async writeRegister64(address, value) {
      await request(`writeq ${hex(address)} ${hex(value)}`);
    },
  };
}
