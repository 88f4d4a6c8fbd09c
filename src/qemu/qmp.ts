import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { GhpassError } from '../errors.ts';

interface QmpMessage {
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  data?: unknown;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A client of QEMU's machine protocol on a UNIX socket (docs/interop/qmp-spec). */
export class Qmp {
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();

  private constructor(private readonly socket: Socket) {
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => this.receive(line));
    /** readline passes the socket's errors on; `close` follows and tells those who wait. */
    lines.on('error', () => {});
    socket.on('close', () =>
      this.fail(new GhpassError('tool', { code: 'qmp.closed', message: 'QEMU closed its QMP socket' })),
    );
  }

  /**
   * Connects and negotiates.
   * @throws the socket's error (ENOENT, ECONNREFUSED) where nobody listens yet.
   */
  static async open(path: string): Promise<Qmp> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    socket.on('error', () => socket.destroy());
    const qmp = new Qmp(socket);
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  /** @throws GhpassError `qmp.refused` with QEMU's own words, `qmp.closed`. */
  execute(command: string, args?: object): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private receive(line: string): void {
    const message = JSON.parse(line) as QmpMessage;
    const waiting = message.id === undefined ? undefined : this.waiting.get(message.id);
    if (message.id === undefined || !waiting) return;
    this.waiting.delete(message.id);
    if (message.error)
      waiting.reject(new GhpassError('tool', { code: 'qmp.refused', message: `QEMU: ${message.error.desc}` }));
    else waiting.resolve(message.return);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
