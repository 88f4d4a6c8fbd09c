import { Duplex } from 'node:stream';
import { GhpassError } from '../../src/errors.ts';
import { Qmp, type QmpEvent } from '../../src/qemu/qmp.ts';
import type { FuzzTarget } from '../target.ts';

/** Each piece takes Node's streams as long as hundreds of bytes. */
const MAX_PIECES = 12;

/** What answers on a QMP socket. The first byte says into pieces of which length the rest is cut. */
export const target: FuzzTarget = {
  name: 'qmp',
  sources: ['qemu/qmp.ts'],
  form: 'bytes',
  maxBytes: 1024,
  words: [
    '{"return": {}, "id": 1}\r\n',
    '{"error": {"class": "GenericError", "desc": "x"}, "id": 2}\r\n',
    '{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n',
    '"data": {"guest": true, "reason": "guest-panic"}',
    '\n',
    'null\n',
  ],
  seeds: () =>
    [
      '\u0005{"QMP": {"version": {}, "capabilities": []}}\r\n{"return": {}, "id": 1}\r\n{"return": {"a": [1]}, "id": 2}\r\n',
      '\u0040{"event": "STOP", "data": {}}\r\n{"error": {"class": "CommandNotFound", "desc": "no"}, "id": 1}\r\n',
      '\u0001{"return": "\u00e9", "id": 2}\n[]\nnull\n',
    ].map((text) => Buffer.from(text, 'latin1')),
  async run(input) {
    const stream = new Duplex({
      allowHalfOpen: false,
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    const qmp = Qmp.over(stream, { onEvent: requireEvent });
    const answers = ['qmp_capabilities', 'query-status'].map((command) => qmp.execute(command));
    const pieceBytes = Math.max(1 + (input[0] ?? 0), Math.ceil(input.length / MAX_PIECES));
    for (let at = 1; at < input.length; at += pieceBytes) stream.push(input.subarray(at, at + pieceBytes));
    stream.push(null);
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === 'rejected' && !(answer.reason instanceof GhpassError)) throw answer.reason;
    }
    qmp.close();
  },
};

/** What a listener relies on, whatever was sent. */
function requireEvent({ name, data, atMs }: QmpEvent): void {
  if (typeof name !== 'string') throw new Error(`an event named ${JSON.stringify(name)}`);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw new Error(`data ${JSON.stringify(data)}`);
  if (atMs !== null && !(atMs >= 0)) throw new Error(`an event at ${atMs}`);
}
