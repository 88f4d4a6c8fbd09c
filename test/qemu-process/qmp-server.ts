import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** What QEMU sends first. */
const GREETING = '{"QMP": {"version": {}, "capabilities": ["oob"]}}\r\n';

/** A command as it arrived. */
export interface Command {
  execute: string;
  arguments?: unknown;
  id: number;
}

export type Behaviour = (command: Command, socket: Socket) => void;

/** Answers a command with `value`, as QEMU does. */
export function reply(socket: Socket, { id }: Command, value: unknown): void {
  socket.write(`${JSON.stringify({ return: value, id })}\r\n`);
}

/** A socket on which something like QEMU answers: negotiation as ever, everything else as the test says. */
export async function qmpServer(behave: Behaviour, greeting = GREETING): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'ghpass-qmp-'));
  const path = join(directory, 'qmp.sock');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.write(greeting);
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined);
    lines.on('line', (line) => behave(JSON.parse(line) as Command, socket));
  }).listen(path);
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return path;
}

/** A QEMU that negotiates, and behaves as the test says from then on. */
export function negotiating(behave: Behaviour): Behaviour {
  return (command, socket) =>
    command.execute === 'qmp_capabilities' ? reply(socket, command, {}) : behave(command, socket);
}
