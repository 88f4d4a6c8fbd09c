import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labQemu } from '../../lab/artifacts/qemu.ts';
import { type GpuServer, serveGpu } from '../../lab/gpu/server.ts';
import { askMachine } from '../qemu/kit/qmp-once.ts';
import { GH200 } from './gh200.ts';

/** The lab's QEMU, not the one on PATH: vfio-user-pci came with 10.1. The first run may have to fetch and unpack it. */
const FETCH_MS = 600_000;

let directory: string;
let socketPath: string;
let reported: string[];
let server: GpuServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gpu-'));
  socketPath = join(directory, 'gpu.sock');
  reported = [];
  server = await serveGpu(GH200, socketPath, (line) => reported.push(line));
});

afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

function machineWithGpu(): string[] {
  const device = {
    driver: 'vfio-user-pci',
    id: 'gpu0',
    socket: { type: 'unix', path: socketPath },
    addr: '05.0',
    rombar: 0,
  };
  return [
    ...['-M', 'virt,gic-version=3,highmem-mmio-size=1T,memory-backend=ram0', '-cpu', 'max', '-m', '256M'],
    // Shared memory, so that QEMU passes a file descriptor with its DMA map.
    ...['-object', 'memory-backend-memfd,id=ram0,size=256M,share=on'],
    ...['-device', JSON.stringify(device)],
  ];
}

/** This process's own descriptors that stand for memory of a machine. */
async function openMemoryFiles(): Promise<string[]> {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith('/memfd:'));
}

describe('a real QEMU', () => {
  test(
    'attaches, sees 10de:2342 with its BARs, is content with every answer, and leaves nothing behind',
    async () => {
      const [buses] = await askMachine(await labQemu(), machineWithGpu(), [{ execute: 'query-pci' }]);
      const devices = (buses as { devices: { slot: number }[] }[])[0]?.devices;
      expect(devices?.find(({ slot }) => slot === 5)).toMatchObject({
        class_info: { class: 0x0302 },
        id: { vendor: 0x10de, device: 0x2342, 'subsystem-vendor': 0x10de, subsystem: 0x16eb },
        regions: [
          { bar: 0, size: 16 * 2 ** 20, prefetch: true, mem_type_64: true },
          { bar: 2, size: 128 * 2 ** 30, prefetch: true, mem_type_64: true },
          { bar: 4, size: 32 * 2 ** 20, prefetch: true, mem_type_64: true },
        ],
      });
      await server.closed;
      expect(reported).toEqual([]);
      expect(await openMemoryFiles()).toEqual([]);
    },
    FETCH_MS,
  );
});
