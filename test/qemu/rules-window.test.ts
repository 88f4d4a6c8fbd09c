import { beforeAll, describe, expect, test, vi } from 'vitest';
import { planMmioWindow } from '../../src/plan/mmio-window.ts';
import { findQemu, type QemuCommand } from './kit/qemu-binary.ts';
import { askMachine } from './kit/qmp-once.ts';

/** A machine that is busy with other tests takes its time to start a process. */
vi.setConfig({ testTimeout: 60_000 });

const GIB = 1n << 30n;

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, 600_000);

/** Whether QEMU has room for a window behind this much memory, of which nothing is touched. */
async function keepsWindow(cpu: string, windowBytes: bigint, memoryBytes: bigint): Promise<boolean> {
  const [present] = await askMachine(
    qemu,
    [
      ...['-M', `virt,gic-version=3,highmem-mmio-size=${windowBytes},memory-backend=ram`, '-cpu', cpu],
      ...['-object', `memory-backend-ram,id=ram,size=${memoryBytes},reserve=off`, '-m', `${memoryBytes}B`],
    ],
    [{ execute: 'qom-get', arguments: { path: '/machine', property: 'highmem-mmio' } }],
  );
  return present === true;
}

function plans(windowBytes: bigint, memoryBytes: bigint, addressBits: number): boolean {
  try {
    return planMmioWindow([[windowBytes / 2n]], { addressBits, memoryBytes }) === windowBytes;
  } catch {
    return false;
  }
}

describe('the plan refuses a window exactly where QEMU drops it (rule 4)', () => {
  test.each<[string, number, bigint, bigint, boolean]>([
    ['cortex-a53', 40, 512n * GIB, 64n * GIB, true],
    ['cortex-a53', 40, 512n * GIB, 510n * GIB, true],
    ['cortex-a53', 40, 512n * GIB, 511n * GIB, false],
    ['cortex-a53', 40, 1024n * GIB, GIB, false],
    ['cortex-a57', 44, 8192n * GIB, 510n * GIB, true],
    ['cortex-a57', 44, 4096n * GIB, 511n * GIB, true],
    ['cortex-a57', 44, 16384n * GIB, GIB, false],
  ])(
    '%s with %i bits, a window of %i and memory of %i bytes: %j',
    async (cpu, bits, windowBytes, memoryBytes, fits) => {
      expect({ plan: plans(windowBytes, memoryBytes, bits) }).toEqual({ plan: fits });
      expect(await keepsWindow(cpu, windowBytes, memoryBytes)).toBe(fits);
    },
  );
});
