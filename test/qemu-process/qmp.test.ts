import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Qmp, type QmpEvent } from '../../src/qemu/qmp.ts';
import fc from '../fixtures/fast-check.ts';
import { negotiating, qmpServer, reply } from './qmp-server.ts';

const NEVER = new AbortController().signal;

const closed = { code: 'qmp.closed', kind: 'tool', message: 'QEMU closed its QMP socket' };

test('gives each answer to the one who asked, whatever the order', async () => {
  const asked: { execute: string; arguments?: unknown; id: number }[] = [];
  const path = await qmpServer(
    negotiating((command, socket) => {
      asked.push(command);
      if (asked.length === 2) for (const one of asked.reverse()) reply(socket, one, `to ${one.execute}`);
    }),
  );
  const qmp = await Qmp.open(path, NEVER);
  const answers = Promise.all([qmp.execute('first', { path: '/machine' }), qmp.execute('second')]);
  expect(await answers).toEqual(['to first', 'to second']);
  expect(asked.find(({ execute }) => execute === 'first')?.arguments).toEqual({ path: '/machine' });
  expect(asked.find(({ execute }) => execute === 'second')).not.toHaveProperty('arguments');
  qmp.close();
});

test('reads an answer that comes in pieces, and one behind an event in the same packet', async () => {
  const path = await qmpServer(
    negotiating(({ execute, id }, socket) => {
      const answer = JSON.stringify({ return: { status: 'running' }, id });
      if (execute === 'behind-event') socket.write(`{"event":"RESUME","timestamp":{}}\r\n${answer}\r\n`);
      else {
        socket.write(answer.slice(0, 9));
        setTimeout(() => socket.write(`${answer.slice(9)}\r\n`), 20);
      }
    }),
  );
  const qmp = await Qmp.open(path, NEVER);
  expect(await qmp.execute('in-pieces')).toEqual({ status: 'running' });
  expect(await qmp.execute('behind-event')).toEqual({ status: 'running' });
  qmp.close();
});

test('the last words are heard also where a question fails because QEMU is gone already', async () => {
  let ask: () => Promise<unknown> = async () => undefined;
  let answer: Promise<unknown> = Promise.resolve();
  const path = await qmpServer(
    negotiating((_command, socket) => {
      socket.write('{"event": "SHUTDOWN", "data": {"reason": "host-qmp-quit"}, "timestamp": {}}\r\n');
      socket.destroy();
      answer = ask();
      answer.catch(() => undefined);
    }),
  );
  const heard: string[] = [];
  const qmp = await Qmp.open(path, NEVER, { onEvent: ({ name }) => heard.push(name) });
  ask = () => qmp.execute('query-status');
  await expect(qmp.execute('quit')).rejects.toMatchObject(closed);
  await expect(answer).rejects.toMatchObject(closed);
  expect(heard).toEqual(['SHUTDOWN']);
  expect(await qmp.closed).toMatchObject(closed);
});

test('a refusal has the words of QEMU, and the connection goes on', async () => {
  const path = await qmpServer(
    negotiating((command, socket) => {
      if (command.execute === 'again') return reply(socket, command, 'fine');
      const error = { class: 'CommandNotFound', desc: 'The command nope has not been found' };
      socket.write(`${JSON.stringify({ error, id: command.id })}\r\n`);
    }),
  );
  const qmp = await Qmp.open(path, NEVER);
  const refused = { code: 'qmp.refused', kind: 'tool', message: 'QEMU: The command nope has not been found' };
  await expect(qmp.execute('nope')).rejects.toMatchObject(refused);
  expect(await qmp.execute('again')).toBe('fine');
  qmp.close();
});

test.each([
  ['text', 'HTTP/1.1 400 Bad Request', '"HTTP/1.1 400 Bad Request"'],
  ['JSON that is no message', '7', '"7"'],
  ['a line that is endless', 'x'.repeat(5000), `"${'x'.repeat(80)}"`],
])('%s on the socket is an error, and the connection is over', async (_what, line, quoted) => {
  const path = await qmpServer(negotiating((_command, socket) => socket.write(`${line}\n`)));
  const qmp = await Qmp.open(path, NEVER);
  const garbage = {
    code: 'qmp.garbage',
    kind: 'tool',
    message: `what answers on the QMP socket is not QEMU: ${quoted}`,
  };
  await expect(qmp.execute('query-status')).rejects.toMatchObject(garbage);
  await expect(qmp.execute('query-status')).rejects.toMatchObject(garbage);
});

test('the same bytes mean the same, wherever they are cut', async () => {
  const bytes = Buffer.from(
    '{"QMP": {}}\r\n{"event": "RESUME"}\r\n{"return": {"name": "\u00e9\u{1f600}"}, "id": 2}\r\n{"return": 7, "id": 1}\r\n',
  );
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(cuts, async (places) => {
      const stream = new Duplex({ allowHalfOpen: false, read: () => undefined, write: (_c, _e, done) => done() });
      const qmp = Qmp.over(stream);
      const answers = Promise.all([qmp.execute('first'), qmp.execute('second')]);
      const ordered = [0, ...places.toSorted((a, b) => a - b), bytes.length];
      ordered.slice(1).forEach((end, i) => {
        stream.push(bytes.subarray(ordered[i], end));
      });
      expect(await answers).toEqual([7, { name: '\u00e9\u{1f600}' }]);
      qmp.close();
    }),
  );
});

test('events come as QEMU sent them, from the first one behind the negotiation on, and in the midst of answers', async () => {
  const at = { seconds: 1_700_000_000, microseconds: 250_999 };
  const path = await qmpServer((command, socket) => {
    const shutdown = { event: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' }, timestamp: at };
    const lines = [
      { return: {}, id: command.id },
      { event: 'STOP', timestamp: { seconds: -1, microseconds: -1 } },
      shutdown,
    ];
    socket.write(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));
  });
  const events: QmpEvent[] = [];
  const qmp = await Qmp.open(path, NEVER, { onEvent: (event) => events.push(event) });
  expect(events).toEqual([
    { name: 'STOP', data: {}, atMs: null },
    { name: 'SHUTDOWN', data: { guest: true, reason: 'guest-shutdown' }, atMs: 1_700_000_000_250 },
  ]);
  qmp.close();
  expect(await qmp.closed).toMatchObject(closed);
});

test('events and answers are told apart wherever the stream is cut, whatever they hold', async () => {
  const name = fc.constantFrom('STOP', 'RESUME', 'GUEST_PANICKED', 'é😀', '');
  const message = fc.oneof(
    fc.record({ event: name, data: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })) }),
    fc.record({ event: fc.oneof(fc.integer(), fc.constant(null)) }),
    fc.record({ return: fc.jsonValue({ maxDepth: 1 }), id: fc.integer({ min: 100 }) }),
  );
  const cuts = fc.array(fc.nat(2000), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 30 }), cuts, async (messages, places) => {
      const answer = { return: 'mine', id: 1 };
      const bytes = Buffer.from([...messages, answer].map((one) => `${JSON.stringify(one)}\r\n`).join(''));
      const stream = new Duplex({ allowHalfOpen: false, read: () => undefined, write: (_c, _e, done) => done() });
      const events: QmpEvent[] = [];
      const qmp = Qmp.over(stream, { onEvent: (event) => events.push(event) });
      const answered = qmp.execute('query-status');
      const ordered = [0, ...places.map((at) => Math.min(at, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      ordered.slice(1).forEach((end, i) => {
        stream.push(bytes.subarray(ordered[i], end));
      });
      expect(await answered).toBe('mine');
      const sent = messages.flatMap((one) => ('event' in one && typeof one.event === 'string' ? [one] : []));
      expect(JSON.stringify(events.map(({ name: event, data }) => ({ event, data })))).toBe(
        JSON.stringify(sent.map((one) => ({ event: one.event, data: 'data' in one ? one.data : {} }))),
      );
      qmp.close();
    }),
  );
});

test('an answer that never comes to an end is not waited for', async () => {
  const path = await qmpServer(negotiating((_command, socket) => socket.write('x'.repeat((16 << 20) + 1))));
  const qmp = await Qmp.open(path, NEVER);
  await expect(qmp.execute('query-status')).rejects.toMatchObject({ code: 'qmp.garbage' });
});

test('everyone who waits is told that QEMU closed the socket, and so is everyone who asks later', async () => {
  const path = await qmpServer(negotiating((_command, socket) => socket.end('{"return": {"stat')));
  const qmp = await Qmp.open(path, NEVER);
  const both = [qmp.execute('query-status'), qmp.execute('query-version')];
  for (const one of await Promise.allSettled(both)) expect(one).toMatchObject({ status: 'rejected', reason: closed });
  await expect(qmp.execute('quit')).rejects.toMatchObject(closed);
});

test('where nobody listens, the error is that of the socket', async () => {
  const path = await qmpServer(() => undefined);
  await expect(Qmp.open(join(path, '../other.sock'), NEVER)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a QEMU that takes the connection and does not answer is waited for until the signal', async () => {
  const path = await qmpServer(() => undefined);
  const start = Date.now();
  await expect(Qmp.open(path, AbortSignal.timeout(100))).rejects.toMatchObject(closed);
  expect(Date.now() - start).toBeLessThan(5_000);
});

test('the signal of the opening does not close a connection that is open', async () => {
  const path = await qmpServer(negotiating((command, socket) => reply(socket, command, 'still here')));
  const opening = new AbortController();
  const qmp = await Qmp.open(path, opening.signal);
  opening.abort();
  expect(await qmp.execute('query-status')).toBe('still here');
  qmp.close();
});
