import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatGpuFunctionSpec } from '../../lab/gpu/spec-json.ts';
import { connectClient, connectNegotiated } from './client.ts';
import { GH200 } from './gh200.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL('../../lab/gpu/main.ts', import.meta.url));

let directory: string;
let socketPath: string;
let child: ChildProcessWithoutNullStreams | undefined;
let stderr: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpu-'));
  socketPath = join(directory, 'gpu.sock');
});

afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

function run(...args: string[]): ChildProcessWithoutNullStreams {
  const started = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args]);
  stderr = '';
  started.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child = started;
  return started;
}

async function runUntilListening(): Promise<ChildProcessWithoutNullStreams> {
  const started = run(socketPath, formatGpuFunctionSpec(GH200));
  const [line] = await once(started.stdout.setEncoding('utf8'), 'data');
  expect(line).toBe('listening\n');
  return started;
}

describe('the process', () => {
  const endings: [string, (started: ChildProcessWithoutNullStreams) => unknown][] = [
    ['standard input closes', (started) => started.stdin.end()],
    ['it is told SIGTERM', (started) => started.kill('SIGTERM')],
    ['its client disconnects', async () => (await connectNegotiated(socketPath)).close()],
  ];

  test.each(endings)('ends with status 0 and removes its socket when %s', async (_title, end) => {
    const started = await runUntilListening();
    const closed = once(started, 'close');
    await end(started);
    expect(await closed).toEqual([0, null]);
    expect(existsSync(socketPath)).toBe(false);
    expect(stderr).toBe('');
  });

  test('says in one line why it dropped a client', async () => {
    const started = await runUntilListening();
    const closed = once(started, 'close');
    const client = await connectClient(socketPath);
    client.sendBytes(Buffer.alloc(16));
    await closed;
    expect(stderr).toBe(`${socketPath}: message with command 0 claims 0 bytes; a message has 16 to 1048608\n`);
  });

  test('refuses a spec that it cannot play with status 2', async () => {
    const closed = once(run(socketPath, '{}'), 'close');
    expect(await closed).toEqual([2, null]);
    expect(stderr).toBe('deviceId is missing; the GPU spec wants a string such as "0x1000"\n');
  });

  test('explains itself when called without arguments', async () => {
    const closed = once(run(), 'close');
    expect(await closed).toEqual([2, null]);
    expect(stderr).toMatch(/^usage: tsx lab\/gpu\/main\.ts SOCKET SPEC_JSON\n/);
  });
});
