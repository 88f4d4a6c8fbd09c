import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { lastWords, type QemuProcess, startQemu, stopQemu, waitUntilRunning } from '../../src/qemu/process.ts';
import { Qmp } from '../../src/qemu/qmp.ts';
import { findQemu, type QemuCommand } from '../qemu/kit/qemu-binary.ts';
import { negotiating, qmpServer, reply } from './qmp-server.ts';

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;
/** Long enough for a QEMU on a machine that is busy with other tests. */
const PATIENCE_MS = 30_000;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

let directory: string;
let log: string;
let socket: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ghpass-qemu-'));
  log = join(directory, 'qemu.log');
  socket = join(directory, 'qmp.sock');
  return () => rmSync(directory, { recursive: true });
});

/** A machine without anything, and the arguments of the test. */
function start(...args: string[]): QemuProcess {
  const machine = ['-M', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg'];
  const qmp = ['-qmp', `unix:${socket},server=on,wait=off`];
  const started = startQemu(qemu.command, [...qemu.args, ...machine, ...qmp, ...args], log);
  onTestFinished(() => stopQemu(started, null));
  return started;
}

function wait(started: QemuProcess, options: { deadlineMs?: number; signal?: AbortSignal } = {}) {
  const ticks: number[] = [];
  const { deadlineMs = PATIENCE_MS, signal = new AbortController().signal } = options;
  const running = waitUntilRunning(started, socket, log, { deadlineMs, signal, onWait: (ms) => ticks.push(ms) });
  return { running, ticks };
}

const exists = (pid: number) => existsSync(`/proc/${pid}`);

test('QEMU runs in a session of its own, answers, and leaves when it is told to', async () => {
  const started = start();
  const qmp = await wait(started).running;
  expect(await qmp.execute('query-status')).toMatchObject({ running: true });
  const [, , , session] = readFileSync(`/proc/${started.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  expect(session).toBe(`${started.pid}`);
  await stopQemu(started, qmp);
  expect(await started.exited).toBe(0);
  expect(exists(started.pid)).toBe(false);
}, 60_000);

test('a guest that stays paused is a timeout, with progress about every second', async () => {
  const started = start('-S');
  const { running, ticks } = wait(started, { deadlineMs: 2_500 });
  await expect(running).rejects.toMatchObject({
    kind: 'timeout',
    code: 'qemu.timeout',
    message: 'the guest does not run after 3 s; QEMU: it said nothing',
    suggestions: ['--timeout SECONDS', 'give the guest less memory, or huge pages: all of it is pinned before it runs'],
  });
  expect(ticks.length).toBeGreaterThanOrEqual(1);
  await stopQemu(started, null);
  expect(exists(started.pid)).toBe(false);
}, 60_000);

test('a QEMU that refuses its arguments is quoted', async () => {
  const refused = {
    kind: 'tool',
    code: 'qemu.exited',
    message: 'QEMU ended before the guest ran (status 1): qemu-system-aarch64: -bogus: invalid option',
  };
  await expect(wait(start('-bogus')).running).rejects.toMatchObject(refused);
}, 60_000);

test('a QEMU that a signal ended said nothing', async () => {
  const started = start('-S');
  const { running } = wait(started);
  process.kill(started.pid, 'SIGKILL');
  const killed = { code: 'qemu.exited', message: 'QEMU ended before the guest ran (by a signal): it said nothing' };
  await expect(running).rejects.toMatchObject(killed);
}, 60_000);

test('a program that is not there is said to be so', async () => {
  const started = startQemu(join(directory, 'no-such-qemu'), [], log);
  await expect(wait(started).running).rejects.toMatchObject({
    code: 'qemu.exited',
    message: `QEMU ended before the guest ran (status 127): spawn ${join(directory, 'no-such-qemu')} ENOENT`,
  });
});

test('an interrupt ends the wait with its own reason', async () => {
  const interrupt = new AbortController();
  const { running } = wait(start('-S'), { signal: interrupt.signal });
  interrupt.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow(new Error('interrupted'));
}, 60_000);

/** A process that stays whatever happens, except for SIGKILL; `ready` once it does. */
async function deafProcess(): Promise<QemuProcess> {
  const ready = join(directory, 'ready');
  const started = startQemu('sh', ['-c', `trap '' TERM; touch ${ready}; while :; do sleep 0.1; done`], log);
  while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 10));
  return started;
}

test('a QEMU that leaves once its connection was closed at the deadline was too slow, not gone', async () => {
  socket = await qmpServer(() => undefined);
  writeFileSync(log, '');
  const { running } = wait({ pid: 0, exited: sleep(250, 1) }, { deadlineMs: 200 });
  // A machine so busy that both have happened when this process runs again.
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400), 100);
  await expect(running).rejects.toMatchObject({ kind: 'timeout', code: 'qemu.timeout' });
});

test('a QEMU that takes the connection and never answers is a timeout', async () => {
  socket = await qmpServer(() => undefined);
  const started = await deafProcess();
  const silent = { code: 'qemu.timeout', message: 'the guest does not run after 0 s; QEMU: it said nothing' };
  await expect(wait(started, { deadlineMs: 300 }).running).rejects.toMatchObject(silent);
  process.kill(started.pid, 'SIGKILL');
});

test('a QEMU that hangs gets quit, SIGTERM and SIGKILL, and then it is gone', async () => {
  socket = await qmpServer(
    negotiating((command, connection) => {
      if (command.execute === 'query-status') reply(connection, command, { running: true });
    }),
  );
  const started = await deafProcess();
  const qmp = await Qmp.open(socket, new AbortController().signal);
  await stopQemu(started, qmp, 300);
  expect(await started.exited).toBeNull();
  expect(exists(started.pid)).toBe(false);
}, 30_000);

test('its last words are the last three lines', async () => {
  const started = startQemu('sh', ['-c', 'echo one; echo two >&2; echo three; echo four'], log);
  await started.exited;
  expect(lastWords(log)).toBe('two | three | four');
});
