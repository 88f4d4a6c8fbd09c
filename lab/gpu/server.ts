import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createGpuFunction, type GpuFunction } from './gpu-function.ts';
import {
  Command,
  createMessageReader,
  encodeErrorReply,
  encodeReply,
  type Message,
  ProtocolError,
} from './protocol.ts';
import { answerRequest, RequestError } from './requests.ts';
import { checkGpuFunctionSpec, type GpuFunctionSpec } from './spec.ts';

/** `sun_path` has 108 bytes, one of them for the NUL (linux/un.h); a longer path fails with a bare EINVAL. */
const MAX_SOCKET_PATH_BYTES = 107;

/** A function that is being served. */
export interface GpuServer {
  /** Settles when the client has disconnected, or after {@link GpuServer.close}; the socket file is gone by then. */
  readonly closed: Promise<void>;
  /** Ends the service: drops the client, if there is one, and removes the socket file. Safe to repeat. */
  close(): Promise<void>;
}

/**
 * Plays the function over a UNIX socket to one vfio-user client, QEMU's `vfio-user-pci`. Gives the server once the socket
 * accepts connections. The first client is the only one, and the service ends with it. A request that is refused, and a
 * connection that is closed because the protocol was broken, cost one line to `report` each. Throws where the spec is impossible or the socket cannot be made.
 */
export async function serveGpu(
  spec: GpuFunctionSpec,
  socketPath: string,
  report: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<GpuServer> {
  const gpu = createGpuFunction(checkGpuFunctionSpec(spec));
  const listener = await listen(socketPath);
  let client: Socket | undefined;
  const closed = new Promise<void>((resolve) => {
    listener.once('close', () => resolve());
  });
  listener.on('connection', (socket) => {
    if (client) {
      socket.destroy();
      return;
    }
    client = socket;
    serveClient(gpu, socket, (message) => report(`${socketPath}: ${message}`));
    // Stops listening and removes the socket file; 'close' follows when the client is gone, too.
    listener.close();
  });
  return {
    closed,
    close() {
      listener.close();
      client?.destroy();
      return closed;
    },
  };
}

async function listen(socketPath: string): Promise<Server> {
  const pathBytes = Buffer.byteLength(socketPath);
  if (pathBytes > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `${socketPath} has ${pathBytes} bytes; the path of a UNIX socket has at most ${MAX_SOCKET_PATH_BYTES}: use a shorter directory`,
    );
  }
  const listener = createServer().listen(socketPath);
  try {
    await once(listener, 'listening');
  } catch (cause) {
    throw new Error(`cannot listen on ${socketPath}: ${listenFailure(socketPath, cause)}`, { cause });
  }
  return listener;
}

function listenFailure(socketPath: string, cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (!cause.message.includes('EADDRINUSE')) return cause.message;
  return `it exists already; another server uses it, or a killed one left it behind: rm ${socketPath}`;
}

function serveClient(gpu: GpuFunction, socket: Socket, report: (message: string) => void): void {
  const read = createMessageReader();
  let negotiated = false;
  const serve = (message: Message) => {
    if (!negotiated && message.command !== Command.version) {
      throw new ProtocolError(`client starts with command ${message.command} instead of its version`);
    }
    const reply = replyTo(gpu, message, report);
    negotiated = true;
    if (!message.noReply) socket.write(reply);
  };
  socket.on('data', (chunk) => {
    try {
      for (const message of read(chunk)) serve(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      report(error.message);
      socket.destroy();
    }
  });
  socket.on('error', (error) => report(`connection lost: ${error.message}`));
}

function replyTo(gpu: GpuFunction, message: Message, report: (message: string) => void): Buffer {
  try {
    return encodeReply(message, answerRequest(gpu, message));
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    report(error.message);
    return encodeErrorReply(message, error.errno);
  }
}
