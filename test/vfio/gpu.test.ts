import { describe, expect, test } from 'vitest';
import type { SyntheticGpu, SyntheticHost } from '../../src/host/builtin/synthesize.ts';
import { bar2Lengths } from '../../src/vfio/bar2.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { coherentMemoryBytes, type GpuFacts, guestBars, measuredBytes } from '../../src/vfio/gpu.ts';
import {
  ADDRESS,
  blackwell,
  board,
  type FileChanges,
  GIB,
  graceHost,
  hopper,
  MIB,
  openMadeUp,
} from '../fixtures/grace-host.ts';

interface Case {
  host?: Partial<SyntheticHost>;
  changes?: FileChanges;
  open?: boolean;
}

async function collect(gpu: SyntheticGpu, { host = {}, changes = {}, open = true }: Case = {}): Promise<GpuFacts> {
  const { gpus } = await collectGpus(openMadeUp(graceHost([gpu], host), changes), [], { open });
  const [facts] = gpus;
  if (!facts || gpus.length > 1) throw new Error(`${gpus.length} GPUs`);
  return facts;
}

const answer = (output: unknown): FileChanges => ({
  files: { [`/ghpass/vfio/${ADDRESS}.json`]: typeof output === 'string' ? output : JSON.stringify(output) },
});
const regionsOf = (...regions: object[]) => ({ schema: 1, address: ADDRESS, via: 'cdev', regions, error: null });

const CARVED = {
  layout: 'carveout',
  usable: { region: 4, sizeBytes: (187n * GIB) / 2n, barBytes: 128n * GIB },
  reserved: { region: 2, sizeBytes: GIB, barBytes: GIB },
  bindError: null,
};
const WHOLE = {
  layout: 'whole',
  usable: { region: 4, sizeBytes: 189471n * MIB, barBytes: 256n * GIB },
  reserved: null,
  bindError: null,
};

describe('an opened GPU', () => {
  test.each<[string, SyntheticGpu, object]>([
    ['Hopper', hopper(), CARVED],
    ['Blackwell', blackwell(), WHOLE],
  ])('of the family %s is measured', async (_title, gpu, memory) => {
    const facts = await collect(gpu);
    expect(facts).toMatchObject({ notOpened: null, via: 'cdev', undecodable: null });
    expect(facts.memory).toEqual({ origin: 'measured', ...memory });
    expect(measuredBytes(facts)).toBe(gpu.memory.sizeBytes);
    expect(coherentMemoryBytes(facts)).toBe(gpu.memory.sizeBytes);
  });

  test('has the regions for BARs in the guest', async () => {
    expect([...guestBars(await collect(hopper()))]).toEqual([
      [0, 16n * MIB],
      [2, GIB],
      [4, 128n * GIB],
    ]);
  });

  test.each<[string, object[], string]>([
    ['whose answer is cut short', [{ index: 0, info: '00ff' }], 'vfio_region_info of 2 bytes, at least 32 expected'],
    ['that refuses a BAR', [{ index: 2, errno: 5 }], 'region 2 was refused with EIO'],
  ])('%s has memory that is not known, which is not "none"', async (_title, regions, undecodable) => {
    const facts = await collect(hopper(), { changes: answer(regionsOf(...regions)) });
    expect(facts).toMatchObject({ notOpened: null, regions: [], undecodable });
    expect(facts.memory).toEqual({ origin: 'measured', layout: null, usable: null, reserved: null, bindError: null });
    expect(measuredBytes(facts)).toBeNull();
  });

  test('that answers for another is refused', async () => {
    const other = answer({ ...regionsOf(), address: '0008:01:00.0' });
    await expect(collect(hopper(), { changes: other })).rejects.toThrow(
      expect.objectContaining({
        code: 'helper.protocol',
        message: 'ghpass-vfio was asked for 0009:01:00.0 and answered for 0008:01:00.0',
      }),
    );
  });
});

describe('a GPU that is not opened, because', () => {
  const step = { step: 'group-open', errno: 16, path: '/dev/vfio/12' };
  test.each<[string, SyntheticGpu, Case, object]>([
    ['nobody wants it', hopper(), { open: false }, { reason: 'not-wanted' }],
    ['no driver is bound', hopper({ driver: null }), {}, { reason: 'driver', driver: null }],
    ['nvidia is bound', hopper({ driver: 'nvidia' }), {}, { reason: 'driver', driver: 'nvidia' }],
    ['the snapshot has no answer', hopper({ regions: [] }), {}, { reason: 'no-answer' }],
    [
      'somebody else has it',
      hopper(),
      { changes: answer({ schema: 1, address: ADDRESS, via: 'group', error: step }) },
      { reason: 'failed', via: 'group', step },
    ],
  ])('%s, is predicted', async (_title, gpu, options, notOpened) => {
    const facts = await collect(gpu, options);
    expect(facts).toMatchObject({ notOpened, via: null, regions: [], memory: { origin: 'predicted', ...CARVED } });
    expect(measuredBytes(facts)).toBeNull();
  });

  test('has the special regions in place of its physical BARs in the guest', async () => {
    const facts = await collect(hopper(), { open: false });
    expect(Object.fromEntries(guestBars(facts))).toEqual({ 0: 16n * MIB, 2: GIB, 4: 128n * GIB });
    expect(bar2Lengths(facts).physicalBytes).toBe(128n * GIB);
  });

  test('keeps its physical BAR2 in the layout "whole"', async () => {
    const facts = await collect(blackwell(), { open: false });
    expect(Object.fromEntries(guestBars(facts))).toEqual({ 0: 64n * MIB, 2: 256n * GIB, 4: 256n * GIB });
  });
});

describe('the prediction', () => {
  const predicted = async (gpu: SyntheticGpu, options: Case = {}) => {
    const { memory } = await collect(gpu, { ...options, open: false });
    expect(memory.origin).toBe('predicted');
    return memory;
  };
  const config = (bytes: Uint8Array | null) => ({
    files: { [`/sys/bus/pci/devices/${ADDRESS}/config`]: bytes },
  });
  const dsdt = (bytes: Uint8Array | null) => ({ files: { '/sys/firmware/acpi/tables/DSDT': bytes } });
  const UNKNOWN = { layout: null, usable: null, reserved: null, bindError: null };
  const sized = (sizeBytes: bigint, base = 0x200_0000_0000n) => hopper({ memory: { base, sizeBytes } });

  test('of Blackwell is whole where the kernel looks at the DVSEC bit', async () => {
    expect(await predicted(blackwell())).toMatchObject(WHOLE);
    expect(await predicted(blackwell(), { host: { release: '6.12.16' } })).toMatchObject(WHOLE);
  });

  test('of Blackwell is a carve-out where it does not', async () => {
    for (const release of ['6.12.15', '6.13.7', '6.9.0']) {
      expect(await predicted(blackwell(), { host: { release } })).toMatchObject({ layout: 'carveout' });
    }
  });

  test.each<[string, bigint]>([
    ['6.14.0', 128n * GIB],
    ['6.12.16', 128n * GIB],
    ['6.12.15', 64n * GIB],
    ['6.9.0', 64n * GIB],
  ])('of 65.25 GiB follows the rounding of Linux %s', async (release, barBytes) => {
    const memory = await predicted(sized((261n * GIB) / 4n), { host: { release } });
    expect(memory.usable).toEqual({ region: 4, sizeBytes: 64n * GIB, barBytes });
  });

  test('is not possible where the bit decides and configuration space cannot be read', async () => {
    expect(await predicted(hopper(), { changes: config(new Uint8Array(64)) })).toMatchObject(UNKNOWN);
    expect(await predicted(hopper(), { changes: config(null) })).toMatchObject(UNKNOWN);
  });

  test('needs no configuration space on a kernel that does not look at the bit', async () => {
    const host = { release: '6.11.0' };
    expect(await predicted(hopper(), { host, changes: config(null) })).toMatchObject(CARVED);
  });

  test.each<[string, bigint, bigint | undefined, string]>([
    ['less than 1 GiB', GIB / 2n, undefined, 'EOVERFLOW'],
    ['less than 1.5 GiB', (19n * GIB) / 16n, undefined, 'EINVAL'],
    ['an end beyond 64 bits', 2n * GIB, (1n << 64n) - GIB, 'EOVERFLOW'],
  ])('says that the driver will refuse %s', async (_title, sizeBytes, base, errno) => {
    expect(await predicted(sized(sizeBytes, base))).toMatchObject({
      layout: null,
      usable: null,
      reserved: null,
      bindError: { errno },
    });
  });

  test('is "none" where firmware announces nothing', async () => {
    expect(await predicted(sized(0n))).toMatchObject({ ...UNKNOWN, layout: 'none' });
    expect(await predicted(hopper(), { changes: dsdt(null) })).toMatchObject({ ...UNKNOWN, layout: 'none' });
  });
});

describe('of the GPUs of a host', () => {
  const host = () => openMadeUp(graceHost(board(2, hopper, { gpusPerSocket: 1 })));
  const collectFrom = async (addresses: string[]) =>
    (await collectGpus(host(), addresses, { open: true })).gpus.map(({ pci }) => pci.address);

  test('all are collected, or those that are wanted', async () => {
    expect(await collectFrom([])).toEqual(['0009:01:00.0', '0019:01:00.0']);
    expect(await collectFrom(['0019:01:00.0'])).toEqual(['0019:01:00.0']);
  });

  test.each<[string, string, string, string]>([
    ['gpu0', 'usage', 'pci.address-invalid', '"gpu0" is no PCI address; one looks like 0009:01:00.0'],
    [
      '0001:01:00.0',
      'unsupported',
      'pci.not-a-coherent-gpu',
      '0001:01:00.0 is no coherent GPU of this host; it has 0009:01:00.0, 0019:01:00.0',
    ],
  ])('%s is refused', async (address, kind, code, message) => {
    await expect(collectFrom([address])).rejects.toThrow(expect.objectContaining({ kind, code, message }));
  });

  test('none is a platform that is not supported', async () => {
    await expect(collectGpus(openMadeUp(graceHost([], { nodes: [] })), [], { open: true })).rejects.toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        code: 'platform.unsupported',
        message: 'made-up has no coherent GPU of the Grace Hopper or Grace Blackwell families (aarch64)',
      }),
    );
  });
});
