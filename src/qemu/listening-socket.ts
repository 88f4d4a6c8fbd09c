import { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/**
 * A socket that is read to its end although nobody takes what is written any more: why QEMU ends is the last that it says,
 * and Node throws away unread what came before a write failed. Who does not take writes any more has closed the socket, too.
 */
export class ListeningSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, () => done());
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, () => done());
  }
}
