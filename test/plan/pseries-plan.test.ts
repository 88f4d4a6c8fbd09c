import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { prepareGuest } from '../../src/guest/life/prepare.ts';
import { preparePseries } from '../../src/guest/pseries.ts';
import { POWER9_V100 } from '../../src/host/builtin/power9.ts';
import type { Power9Gpu, Power9Npu } from '../../src/host/builtin/power9-gpu.ts';
import type { Host } from '../../src/host/host.ts';
import { DEFAULT_PLACEMENT, type GuestRequest, type PlacementRequest } from '../../src/plan/request.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { GIB } from '../fixtures/grace-host.ts';
import { BRIDGE, nvlinkAnswer, openPower9, V100 } from '../fixtures/power9-host.ts';

const REQUEST: GuestRequest = {
  name: 'volta',
  memoryBytes: 16n * GIB,
  vcpus: 4,
  accelerator: null,
  iommufd: null,
  boot: { kernel: null, initrd: null, append: null, disks: [] },
  network: null,
  placement: DEFAULT_PLACEMENT,
};

/** GPUs of one NPU, with as many links each. */
function npu(domain: number, gpus: number, links: number): Power9Npu {
  const digit = domain.toString(16);
  return {
    iommuGroup: digit,
    numaNode: 0,
    gpus: Array.from(
      { length: gpus },
      (_, i): Power9Gpu => ({
        address: `000${digit}:0${i + 1}:00.0`,
        bridges: Array.from({ length: links }, (__, j) => `001${digit}:00:0${i}.${j}`),
        window: { base: (BigInt(domain) << 44n) + BigInt(i) * 128n * GIB, sizeBytes: 128n * GIB },
      }),
    ),
  };
}

async function plan(host: Host, addresses: string[] = []) {
  const wanted =
    addresses.length > 0 ? addresses : (await collectGpus(host, [], { open: false })).gpus.map((g) => g.pci.address);
  return (await preparePseries(host, wanted, REQUEST, { open: true, start: false })).plan;
}

describe('the guest', () => {
  test('has a host bridge for each IOMMU group, and a place of its own in each window', async () => {
    const { hostBridges } = await plan(openPower9({ npus: [npu(1, 2, 2), npu(2, 1, 3)] }));
    expect(hostBridges.map(({ index, iommuGroup, gpus }) => [index, iommuGroup, gpus.map(({ id }) => id)])).toEqual([
      [1, '1', ['gpu0', 'gpu1']],
      [2, '2', ['gpu2']],
    ]);
    const gpus = hostBridges.flatMap((bridge) => bridge.gpus);
    expect(gpus.map(({ memoryAddress }) => memoryAddress)).toEqual([
      '0x420000000000',
      '0x422000000000',
      '0x440000000000',
    ]);
    expect(gpus.map(({ guestNode }) => guestNode)).toEqual([1, 2, 3]);
    expect(gpus.map(({ links }) => links.map(({ registerAddress }) => registerAddress))).toEqual([
      ['0x800000120000', '0x800000130000'],
      ['0x800000140000', '0x800000150000'],
      ['0x800000240000', '0x800000250000', '0x800000260000'],
    ]);
    expect(
      hostBridges.map(({ gpus: own }) => own.flatMap((gpu) => [gpu.slot, ...gpu.links.map(({ slot }) => slot)])),
    ).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4],
    ]);
  });

  test('has no address for a register that the host did not give', async () => {
    const empty = {
      index: 9,
      sizeBytes: 0n,
      capabilities: [
        [2, 0x1_8000_1014n],
        [4, 0n],
        [5, 9n],
      ] as const,
    };
    const { hostBridges } = await plan(openPower9({}, nvlinkAnswer(BRIDGE, empty)), [V100]);
    expect(hostBridges[0]?.gpus[0]?.links.map(({ registerAddress }) => registerAddress)).toEqual([
      null,
      '0x800000120000',
      '0x800000130000',
    ]);
  });

  test('is the same from the device tree, where the devices are not opened', async () => {
    const opened = await plan(openPower9());
    const host = openPower9();
    const addresses = [V100, '0004:05:00.0'];
    expect((await preparePseries(host, addresses, REQUEST, { open: false, start: false })).plan).toEqual(opened);
  });
});

describe('no guest is planned', () => {
  test.each<[string, Host, string, string]>([
    [
      'where the kernel exports no memory',
      openPower9({ ...POWER9_V100, release: '5.13.0' }, nvlinkAnswer(V100)),
      'nvlink2.unknown',
      '0004:04:00.0: no memory behind NVLink2 is known of, so no guest can be planned; it needs Linux 5.0 to 5.12 and QEMU 4.1 to 8.1',
    ],
    [
      'for more links than a GPU has in QEMU',
      openPower9({ npus: [npu(1, 1, 4)] }),
      'nvlink2.limits',
      "one IOMMU group has 1 GPUs with up to 4 links and 4 ATSD registers; QEMU's host bridge holds 6 with 3 each, and guests read 8 registers",
    ],
    [
      'for more registers than guests read',
      openPower9({ npus: [npu(1, 3, 3)] }),
      'nvlink2.limits',
      "one IOMMU group has 3 GPUs with up to 3 links and 9 ATSD registers; QEMU's host bridge holds 6 with 3 each, and guests read 8 registers",
    ],
    [
      'for more GPUs than a host bridge has in QEMU',
      openPower9({ npus: [npu(1, 7, 1)] }),
      'nvlink2.limits',
      "one IOMMU group has 7 GPUs with up to 1 links and 7 ATSD registers; QEMU's host bridge holds 6 with 3 each, and guests read 8 registers",
    ],
  ])('%s', async (_title, host, code, message) => {
    await expect(plan(host)).rejects.toThrow(expect.objectContaining({ kind: 'check', code, message }));
  });

  const placed = (placement: Partial<PlacementRequest>) => ({ placement: { ...DEFAULT_PLACEMENT, ...placement } });
  test.each<[string, Partial<GuestRequest>]>([
    ['huge pages', placed({ hugePages: 'auto' })],
    ['pins', placed({ pin: true })],
    ['an SMMU', placed({ smmu: 'on' })],
    ['a network', { network: { link: { kind: 'user', forwards: [] }, mac: null } }],
  ])('with %s', async (_title, asked) => {
    const request = { ...REQUEST, ...asked };
    await expect(preparePseries(openPower9(), [V100], request, { open: true, start: false })).rejects.toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'nvlink2.placement',
        message: 'a guest with memory behind NVLink2 is planned without huge pages, pins, SMMU and network',
      }),
    );
  });

  test('as a Grace guest', async () => {
    await expect(prepareGuest(openPower9(), [V100], REQUEST, { open: true })).rejects.toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        code: 'stack.nvlink2',
        message:
          '0004:04:00.0: memory behind NVLink2 needs Linux 5.0 to 5.12 and QEMU 4.1 to 8.1; ghpass plans such a guest, and does not start it',
      }),
    );
  });
});

test('a guest that is to be started for real is a failure that says what it needs', async () => {
  const { findings } = await preparePseries(openPower9(), [V100], REQUEST, { open: true, start: true });
  expect(findings.at(-1)).toMatchObject({
    id: 'stack.nvlink2',
    severity: 'fail',
    subject: 'volta',
    message:
      'a guest with memory behind NVLink2 needs Linux 5.0 to 5.12 and QEMU 4.1 to 8.1; ghpass plans it, and does not start it',
  });
});

test('nothing that is said of a POWER9 host speaks of ACPI or of Grace', async () => {
  const hosts = [
    openPower9(),
    openPower9({ release: '6.1.0' }),
    openPower9({}, { links: { [`/sys/bus/pci/devices/${V100}/driver`]: null } }),
  ];
  const said: string[] = [];
  for (const host of hosts) {
    for (const open of [true, false]) {
      const { host: facts, gpus } = await collectGpus(host, [], { open });
      const findings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
      said.push(...findings.flatMap(({ message, remedy }) => [message, ...remedy]));
    }
  }
  expect(said.length).toBeGreaterThan(10);
  expect(said.filter((text) => /acpi|grace|tables|_DSD|SMMU/i.test(text))).toEqual([]);
});
