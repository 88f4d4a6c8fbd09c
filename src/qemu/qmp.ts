import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { GhpassError } from '../errors.ts';
import { ListeningSocket } from './listening-socket.ts';

interface QmpMessage {
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
  event?: unknown;
  data?: unknown;
  timestamp?: { seconds?: unknown; microseconds?: unknown } | null;
}

/** What QEMU tells without being asked. */
export interface QmpEvent {
  /** As QEMU names it: `STOP`, `SHUTDOWN`. */
  name: string;
  data: Readonly<Record<string, unknown>>;
  /** By QEMU's clock, in milliseconds since 1970; null where it does not know the time (-1 in qmp-spec). */
  atMs: number | null;
}

export interface QmpOptions {
  /** Gets every event, from the first one behind the negotiation on. */
  onEvent?: (event: QmpEvent) => void;
}

/** QEMU's longest answers, the list of machines and the schema, have a few hundred KiB. */
const MAX_LINE_CHARACTERS = 16 << 20;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A client of QEMU's machine protocol on a UNIX socket (docs/interop/qmp-spec). */
export class Qmp {
  private nextId = 1;
  /** What came after the last newline: a QEMU that dies in mid-sentence never ends it. */
  private unfinished = '';
  private readonly waiting = new Map<number, Waiting>();
  /** Why nothing can be asked any more. */
  private ended: GhpassError | null = null;
  /** Settles when the connection is over, with the reason. */
  readonly closed: Promise<GhpassError>;
  private tellClosed: (reason: GhpassError) => void = () => undefined;

  private constructor(
    private readonly socket: Duplex,
    private readonly options: QmpOptions,
  ) {
    this.closed = new Promise((resolve) => {
      this.tellClosed = resolve;
    });
    socket.setEncoding('utf8').on('data', (text: string) => {
      const [end = '', ...lines] = text.split('\n');
      this.unfinished += end;
      for (const line of lines) {
        this.receive(this.unfinished);
        this.unfinished = line;
      }
      if (this.unfinished.length > MAX_LINE_CHARACTERS) this.giveUp(this.unfinished);
    });
    /** `close` follows and tells those who wait. */
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.end('qmp.closed', 'QEMU closed its QMP socket'));
  }

  /**
   * Connects and negotiates. A QEMU that is still pinning memory takes the connection and answers much later.
   * @param signal ends the attempt.
   * @throws the socket's error (ENOENT, ECONNREFUSED) where nobody listens yet, and those of {@link execute}.
   */
  static async open(path: string, signal: AbortSignal, options: QmpOptions = {}): Promise<Qmp> {
    const socket = new ListeningSocket().connect(path);
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    const qmp = Qmp.over(socket, options);
    try {
      await qmp.until(signal, () => qmp.execute('qmp_capabilities'));
      return qmp;
    } catch (error) {
      qmp.close();
      throw error;
    }
  }

  /** A client on a connection that is made; nothing was negotiated on it. */
  static over(socket: Duplex, options: QmpOptions = {}): Qmp {
    return new Qmp(socket, options);
  }

  /** Does something with the connection, which is closed if the signal comes before that is done. */
  async until<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
    const close = () => this.close();
    if (signal.aborted) close();
    signal.addEventListener('abort', close);
    try {
      return await action();
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  /** @throws GhpassError `qmp.refused` with QEMU's own words, `qmp.closed`, `qmp.garbage`. */
  execute(command: string, args?: object): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
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
    // A piece may hold thousands of lines, and nobody waits for what comes behind garbage.
    if (this.ended) return;
    const message = parseMessage(line);
    if (message === null) {
      this.giveUp(line);
      return;
    }
    const event = eventOf(message);
    if (event !== null) this.options.onEvent?.(event);
    const waiting = message.id === undefined ? undefined : this.waiting.get(message.id);
    if (message.id === undefined || !waiting) return;
    this.waiting.delete(message.id);
    if (message.error)
      waiting.reject(new GhpassError('tool', { code: 'qmp.refused', message: `QEMU: ${message.error.desc}` }));
    else waiting.resolve(message.return);
  }

  private giveUp(line: string): void {
    this.end('qmp.garbage', `what answers on the QMP socket is not QEMU: ${JSON.stringify(line.slice(0, 80))}`);
    this.unfinished = '';
    this.socket.destroy();
  }

  /** The first reason counts: a closed socket is the consequence of the others. */
  private end(code: string, message: string): void {
    this.ended ??= new GhpassError('tool', { code, message });
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
    this.tellClosed(this.ended);
  }
}

function eventOf({ event, data, timestamp }: QmpMessage): QmpEvent | null {
  if (typeof event !== 'string') return null;
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  const { seconds, microseconds } = timestamp ?? {};
  const isTime = typeof seconds === 'number' && typeof microseconds === 'number' && seconds >= 0;
  const atMs = isTime ? seconds * 1000 + Math.floor(microseconds / 1000) : null;
  return { name: event, data: isObject ? (data as Record<string, unknown>) : {}, atMs };
}

function parseMessage(line: string): QmpMessage | null {
  try {
    const message = JSON.parse(line) as QmpMessage | null;
    return typeof message === 'object' ? message : null;
  } catch {
    return null;
  }
}
