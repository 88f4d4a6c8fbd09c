import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GpuServer, serveGpu } from '../../lab/gpu/server.ts';
import type { GpuFunctionSpec } from '../../lab/gpu/spec.ts';
import { type Client, connectClient, connectNegotiated, encodeCommand, regionRange, words } from './client.ts';
import { GH200 } from './gh200.ts';

const EINVAL = 22;
const ENOTSUP = 95;
const FLAGS_REPLY = 0x1;
const FLAGS_ERROR_REPLY = 0x21;
const CONFIG = 7;

let directory: string;
let socketPath: string;
let reported: string[];
let server: GpuServer | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpu-'));
  socketPath = join(directory, 'gpu.sock');
  reported = [];
});

afterEach(async () => {
  await server?.close();
  await rm(directory, { recursive: true });
});

async function serve(spec: Partial<GpuFunctionSpec> = {}): Promise<void> {
  server = await serveGpu({ ...GH200, ...spec }, socketPath, (line) => reported.push(line));
}

async function readRegion(client: Client, region: number, offset: bigint, countBytes: number): Promise<Buffer> {
  const reply = await client.request(9, regionRange(region, offset, countBytes));
  expect(reply).toMatchObject({ command: 9, flags: FLAGS_REPLY, errno: 0 });
  expect(reply.payload.subarray(0, 16)).toEqual(regionRange(region, offset, countBytes));
  return reply.payload.subarray(16);
}

async function writeConfig(client: Client, offset: number, data: Buffer): Promise<void> {
  const head = regionRange(CONFIG, BigInt(offset), data.length);
  const reply = await client.request(10, Buffer.concat([head, data]));
  expect(reply).toMatchObject({ flags: FLAGS_REPLY, payload: head });
}

describe('what QEMU asks at start', () => {
  test('version 0.0 is agreed on, with the limits of the server as NUL-terminated JSON', async () => {
    await serve();
    const client = await connectClient(socketPath);
    const proposal = Buffer.from('{"capabilities":{"max_msg_fds":8,"write_multiple":true}}\0');
    const reply = await client.request(1, Buffer.concat([Buffer.alloc(4), proposal]));
    expect(reply).toMatchObject({ id: 1, command: 1, flags: FLAGS_REPLY });
    expect(reply.payload.readUInt32LE(0)).toBe(0);
    expect(reply.payload.subarray(4).toString()).toBe(
      '{"capabilities":{"max_msg_fds":1,"max_data_xfer_size":1048576}}\0',
    );
  });

  test('the device is PCI, can be reset, has nine regions and five interrupt types', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    expect((await client.request(4, words(16, 0, 0, 0))).payload).toEqual(words(16, 3, 9, 5));
  });

  test('each region has its length; the absent ones have none', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const sizes = [];
    for (let index = 0; index < 9; index++) {
      const { payload } = await client.request(5, words(32, 0, index, 0, 0, 0, 0, 0));
      expect(payload.readUInt32LE(8)).toBe(index);
      expect(payload.readUInt32LE(4)).toBe(payload.readBigUInt64LE(16) === 0n ? 0 : 3);
      sizes.push(payload.readBigUInt64LE(16));
    }
    expect(sizes).toEqual([16n << 20n, 0n, 128n << 30n, 0n, 32n << 20n, 0n, 0n, 4096n, 0n]);
  });

  test('only the error interrupt exists', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const counts = [];
    for (let index = 0; index < 5; index++) {
      counts.push((await client.request(7, words(16, 0, index, 0))).payload.readUInt32LE(12));
    }
    expect(counts).toEqual([0, 0, 0, 1, 0]);
  });

  test('guest memory and interrupts are acknowledged', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const unmap = Buffer.from(BigUint64Array.of(24n, 0x40000000n, 0x10000000n).buffer);
    expect(await client.request(2, Buffer.alloc(32))).toMatchObject({ flags: FLAGS_REPLY, payload: Buffer.alloc(0) });
    expect(await client.request(3, unmap)).toMatchObject({ flags: FLAGS_REPLY, payload: unmap });
    expect(await client.request(8, words(20, 0x24, 3, 0, 1))).toMatchObject({ flags: FLAGS_REPLY });
  });
});

describe('regions', () => {
  test('configuration space is read whole', async () => {
    await serve();
    const config = await readRegion(await connectNegotiated(socketPath), CONFIG, 0n, 4096);
    expect(config.length).toBe(4096);
    expect(config.readUInt32LE(0)).toBe(0x234210de);
  });

  test.each([
    [true, true, 0xff, 0xff],
    [false, true, 0, 0xff],
    [true, false, 0xff, 0],
  ])('c2cReady %s and hbmReady %s show in BAR0', async (c2cReady, hbmReady, c2c, hbm) => {
    await serve({ c2cReady, hbmReady });
    const client = await connectNegotiated(socketPath);
    expect((await readRegion(client, 0, 0x1498n, 4)).readUInt32LE()).toBe(c2c);
    expect((await readRegion(client, 0, 0x200bcn, 4)).readUInt32LE()).toBe(hbm);
  });

  test('a register is the same in one read and in single bytes', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const bytes = [];
    for (let i = 0n; i < 4n; i++) bytes.push(await readRegion(client, 0, i, 1));
    expect(Buffer.concat(bytes).readUInt32LE()).toBe(0x180000a1);
    expect(await readRegion(client, 0, 0n, 4)).toEqual(Buffer.concat(bytes));
  });

  test('the last bytes of a BAR of 128 GiB can be read', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    expect(await readRegion(client, 2, (128n << 30n) - 8n, 8)).toEqual(Buffer.alloc(8));
  });

  test('a BAR register keeps its type, whatever is written: QEMU emulates address and length', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    await writeConfig(client, 0x10, words(0xffffffff));
    expect((await readRegion(client, CONFIG, 0x10n, 4)).readUInt32LE()).toBe(0xc);
  });
});

describe('a reset restores what was written', () => {
  const resets: [string, (client: Client) => Promise<unknown>][] = [
    ['DEVICE_RESET', (client) => client.request(13)],
    ['function level reset', (client) => writeConfig(client, 0x48, Buffer.of(0x00, 0x80))],
    [
      'D3hot to D0',
      async (client) => {
        await writeConfig(client, 0x84, Buffer.of(0x03, 0x00));
        await writeConfig(client, 0x84, Buffer.of(0x00, 0x00));
      },
    ],
  ];

  test.each(resets)('%s', async (_title, reset) => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const fresh = await readRegion(client, CONFIG, 0n, 4096);
    await writeConfig(client, 0x04, Buffer.of(0x06, 0x04));
    await writeConfig(client, 0x48, Buffer.of(0x10, 0x28));
    expect((await readRegion(client, CONFIG, 0x04n, 2)).readUInt16LE()).toBe(0x0406);
    expect((await readRegion(client, CONFIG, 0x48n, 2)).readUInt16LE()).toBe(0x2810);
    await reset(client);
    expect(await readRegion(client, CONFIG, 0n, 4096)).toEqual(fresh);
  });

  test('a change of power state between D0 and D1 is no reset', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    await writeConfig(client, 0x04, Buffer.of(0x06, 0x00));
    await writeConfig(client, 0x84, Buffer.of(0x01, 0x00));
    await writeConfig(client, 0x84, Buffer.of(0x00, 0x00));
    expect((await readRegion(client, CONFIG, 0x04n, 2)).readUInt16LE()).toBe(0x0006);
  });
});

describe('the stream', () => {
  test('a message that arrives byte by byte is answered once it is whole', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const bytes = encodeCommand({ id: 77, command: 9, payload: regionRange(CONFIG, 0n, 4) });
    for (const byte of bytes) {
      client.sendBytes(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.nextReply()).toMatchObject({ id: 77, command: 9, flags: FLAGS_REPLY });
  });

  test('messages that arrive together are answered in order, and those with no-reply are not', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    const command = Buffer.concat([regionRange(CONFIG, 4n, 2), Buffer.of(0x06, 0x00)]);
    client.sendBytes(
      Buffer.concat([
        encodeCommand({ id: 5, command: 10, payload: command, flags: 0x10 }),
        encodeCommand({ id: 6, command: 9, payload: regionRange(CONFIG, 4n, 2) }),
        encodeCommand({ id: 7, command: 13 }),
      ]),
    );
    const first = await client.nextReply();
    expect(first.id).toBe(6);
    expect(first.payload.subarray(16)).toEqual(Buffer.of(0x06, 0x00));
    expect((await client.nextReply()).id).toBe(7);
  });
});

describe('a request that is wrong gets an errno, a line says why, and the connection stays', () => {
  test.each<[string, number, Buffer, number, string]>([
    ['a command the protocol does not have', 99, Buffer.alloc(0), ENOTSUP, 'command 99 is not served'],
    ['region io fds, which are optional', 6, Buffer.alloc(16), ENOTSUP, 'command 6 is not served'],
    [
      'a device info request without its structure',
      4,
      Buffer.alloc(0),
      EINVAL,
      'command 4 wants 16 bytes after its header, not 0',
    ],
    ['a tenth region', 5, words(32, 0, 9, 0, 0, 0, 0, 0), EINVAL, 'there is no region 9'],
    ['a sixth interrupt type', 7, words(16, 0, 5, 0), EINVAL, 'there is no interrupt type 5'],
    ['a map without an address', 2, Buffer.alloc(8), EINVAL, 'command 2 wants 32 bytes after its header, not 8'],
    ['a cut-off set of interrupts', 8, Buffer.alloc(19), EINVAL, 'command 8 wants 20 bytes after its header, not 19'],
    [
      'a read across the end of configuration space',
      9,
      regionRange(CONFIG, 4094n, 4),
      EINVAL,
      '4 bytes at 0xffe are not inside region 7 of 0x1000 bytes, or more than 1048576 at once',
    ],
    [
      'an offset whose sum overflows 64 bits',
      9,
      regionRange(2, 0xffffffffffffffffn, 8),
      EINVAL,
      '8 bytes at 0xffffffffffffffff are not inside region 2 of 0x2000000000 bytes, or more than 1048576 at once',
    ],
    [
      'a read of more than the agreed size',
      9,
      regionRange(2, 0n, 1048577),
      EINVAL,
      '1048577 bytes at 0x0 are not inside region 2 of 0x2000000000 bytes, or more than 1048576 at once',
    ],
    [
      'a write that announces more than it carries',
      10,
      regionRange(CONFIG, 4n, 2),
      EINVAL,
      'command 10 wants 18 bytes after its header, not 16',
    ],
    ['a write without its head', 10, Buffer.alloc(3), EINVAL, 'command 10 wants 16 bytes after its header, not 3'],
  ])('%s', async (_title, command, payload, errno, line) => {
    await serve();
    const client = await connectNegotiated(socketPath);
    expect(await client.request(command, payload)).toMatchObject({
      command,
      flags: FLAGS_ERROR_REPLY,
      errno,
      payload: Buffer.alloc(0),
    });
    expect(reported).toEqual([`${socketPath}: ${line}`]);
    expect((await readRegion(client, CONFIG, 0n, 2)).readUInt16LE()).toBe(0x10de);
  });
});

describe('a broken protocol ends the connection, and a line says why', () => {
  test.each<[string, Buffer, string]>([
    [
      'another major version',
      encodeCommand({ id: 1, command: 1, payload: Buffer.of(1, 0, 2, 0) }),
      'client proposes protocol 1.2; only 0.0 is spoken',
    ],
    [
      'half a version',
      encodeCommand({ id: 1, command: 1, payload: Buffer.of(0, 0) }),
      "client's version has 2 bytes; it has at least 4",
    ],
    [
      'no version at the start',
      encodeCommand({ id: 1, command: 4 }),
      'client starts with command 4 instead of its version',
    ],
    [
      'bytes of something else',
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      'message with command 8276 claims 1414012975 bytes; a message has 16 to 1048608',
    ],
  ])('%s', async (_title, bytes, line) => {
    await serve();
    const client = await connectClient(socketPath);
    client.sendBytes(bytes);
    await client.disconnected;
    expect(reported).toEqual([`${socketPath}: ${line}`]);
  });
});

describe('the life of a server', () => {
  test('it ends when its client disconnects, and the socket file is gone', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    client.close();
    await server?.closed;
    expect(existsSync(socketPath)).toBe(false);
  });

  test('it has one client: nobody else can connect', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    await expect(connectClient(socketPath)).rejects.toThrow(`connect ENOENT ${socketPath}`);
    expect((await client.request(13)).flags).toBe(FLAGS_REPLY);
  });

  test('close drops the client and can be repeated', async () => {
    await serve();
    const client = await connectNegotiated(socketPath);
    await server?.close();
    await client.disconnected;
    await server?.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  test('close before any client removes the socket file', async () => {
    await serve();
    expect(existsSync(socketPath)).toBe(true);
    await server?.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  test('a path in use is refused with the way out', async () => {
    await writeFile(socketPath, '');
    await expect(serve()).rejects.toThrow(
      new Error(
        `cannot listen on ${socketPath}: it exists already; another server uses it, or a killed one left it behind: rm ${socketPath}`,
      ),
    );
  });

  test('a path too long for a UNIX socket is refused with its length', async () => {
    const long = `/tmp/${'d'.repeat(103)}`;
    await expect(serveGpu(GH200, long)).rejects.toThrow(
      new Error(`${long} has 108 bytes; the path of a UNIX socket has at most 107: use a shorter directory`),
    );
  });

  test('an impossible function is refused before any socket is made', async () => {
    await expect(serve({ bar2Bytes: 3n })).rejects.toThrow(RangeError);
    expect(existsSync(socketPath)).toBe(false);
  });
});
