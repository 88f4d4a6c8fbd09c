import { beforeAll, describe, expect, test } from 'vitest';
import { compileWithFakeKernel } from './compile.ts';
import { type HelperRun, runOnFakeKernel, type Scenario, unbalanced } from './fake-kernel.ts';
import {
  ADDRESS,
  CDEV_HOST,
  DEVICE_INFO,
  GROUP_HOST,
  REGION_2,
  REGION_4,
  REGIONS_PRINTED,
  regionInfo,
} from './recorded-device.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let helper: string;
beforeAll(() => {
  const directory = temporaryDirectory();
  helper = compileWithFakeKernel(directory.path);
  return directory.remove;
}, 120_000);

function probe(scenario: Scenario, ...options: string[]): HelperRun {
  const run = runOnFakeKernel(helper, ['probe', ADDRESS, ...options], scenario);
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  expect(unbalanced(run.calls, scenario)).toEqual([]);
  return run;
}

const ALL = { deviceInfo: DEVICE_INFO, regions: REGIONS_PRINTED, error: null };

describe('a device that answers', () => {
  test('through iommufd, byte for byte', () => {
    const run = probe(CDEV_HOST);
    expect(run.stdout).toBe(
      `{"schema":1,"address":"0009:01:00.0","via":"cdev",` +
        `"deviceInfo":"180000000300000009000000050000000000000000000000","regions":[` +
        `{"index":0,"info":"${regionInfo(0, 7, 0x1000000n)}"},{"index":1,"info":"${regionInfo(1, 0, 0n)}"},` +
        `{"index":2,"info":"${REGION_2}"},{"index":3,"info":"${regionInfo(3, 0, 0n)}"},` +
        `{"index":4,"info":"${REGION_4}"},{"index":5,"info":"${regionInfo(5, 0, 0n)}"},` +
        `{"index":6,"skipped":true},{"index":7,"info":"${regionInfo(7, 3, 0x1000n)}"},` +
        `{"index":8,"errno":22}],"error":null}\n`,
    );
  });

  test('through iommufd, in the order the kernel asks for, without an address space, the device closed first', () => {
    expect(probe(CDEV_HOST, '--via', 'cdev').calls).toEqual([
      'exists /sys/bus/pci/devices/0009:01:00.0',
      'opendir /sys/bus/pci/devices/0009:01:00.0/vfio-dev',
      'open /dev/iommu',
      'open /dev/vfio/devices/vfio3',
      'ioctl /dev/vfio/devices/vfio3 3b76 argsz=16 flags=0 /dev/iommu',
      'ioctl /dev/vfio/devices/vfio3 3b6b',
      'ioctl /dev/vfio/devices/vfio3 3b6c 0',
      'ioctl /dev/vfio/devices/vfio3 3b6c 1',
      'ioctl /dev/vfio/devices/vfio3 3b6c 2',
      'ioctl /dev/vfio/devices/vfio3 3b6c 2',
      'ioctl /dev/vfio/devices/vfio3 3b6c 3',
      'ioctl /dev/vfio/devices/vfio3 3b6c 4',
      'ioctl /dev/vfio/devices/vfio3 3b6c 4',
      'ioctl /dev/vfio/devices/vfio3 3b6c 5',
      'ioctl /dev/vfio/devices/vfio3 3b6c 7',
      'ioctl /dev/vfio/devices/vfio3 3b6c 8',
      'close /dev/vfio/devices/vfio3',
      'close /dev/iommu',
    ]);
  });

  test('through its group and a type1v2 container, with the same answer', () => {
    const run = probe(GROUP_HOST);
    expect(JSON.parse(run.stdout)).toEqual({ schema: 1, address: ADDRESS, via: 'group', ...ALL });
  });

  test('through its group, in the order the kernel asks for', () => {
    const calls = probe(GROUP_HOST, '--via', 'group').calls.filter((call) => !call.includes(' 3b6c '));
    expect(calls).toEqual([
      'exists /sys/bus/pci/devices/0009:01:00.0',
      'readlink /sys/bus/pci/devices/0009:01:00.0/iommu_group',
      'exists /dev/vfio/noiommu-12',
      'open /dev/vfio/vfio',
      'ioctl /dev/vfio/vfio 3b64 0',
      'ioctl /dev/vfio/vfio 3b65 3',
      'open /dev/vfio/12',
      'ioctl /dev/vfio/12 3b67',
      'ioctl /dev/vfio/12 3b68 /dev/vfio/vfio',
      'ioctl /dev/vfio/vfio 3b66 3',
      `ioctl /dev/vfio/12 3b6a ${ADDRESS}`,
      'ioctl device 3b6b',
      'close device',
      'close /dev/vfio/12',
      'close /dev/vfio/vfio',
    ]);
  });

  test('the ROM region is asked for where the device is not PCI, as index 6 is then something else', () => {
    const platformInfo = DEVICE_INFO.replace(/^1800000003/, '1800000004');
    const scenario = { ...CDEV_HOST, 'ioctl /dev/vfio/devices/vfio3 3b6b': `bytes ${platformInfo}` };
    const regions = JSON.parse(probe(scenario).stdout).regions;
    expect(regions[6]).toEqual({ index: 6, errno: 25 });
  });
});

describe('the way is chosen', () => {
  const both = { ...CDEV_HOST, ...GROUP_HOST };
  const chosen = (scenario: Scenario, ...options: string[]) => JSON.parse(probe(scenario, ...options).stdout).via;
  const without = (call: string): Scenario => ({ ...both, [call]: 'errno 2' });

  test('iommufd where both are there', () => expect(chosen(both)).toBe('cdev'));
  test('the group where it is asked for', () => expect(chosen(both, '--via', 'group')).toBe('group'));
  test('the group where the device has no node of its own', () =>
    expect(chosen(without(`opendir /sys/bus/pci/devices/${ADDRESS}/vfio-dev`))).toBe('group'));
  test('the group where the kernel has no iommufd', () => expect(chosen(without('exists /dev/iommu'))).toBe('group'));
  test('the group where the node is not in /dev', () =>
    expect(chosen(without('exists /dev/vfio/devices/vfio3'))).toBe('group'));
  test('a refusal of iommufd is reported, not papered over with the group', () => {
    const run = probe({ ...both, 'open /dev/iommu': 'errno 13' });
    expect(JSON.parse(run.stdout).error).toEqual({ step: 'iommufd-open', errno: 13, path: '/dev/iommu' });
    expect(run.calls.filter((call) => call.startsWith('open '))).toEqual(['open /dev/iommu']);
  });
});

describe('a capability chain that does not fit', () => {
  const CALL = 'ioctl /dev/vfio/devices/vfio3 3b6c 4';
  const chain = (bytes: number) => regionInfo(4, 0xf, 1n << 31n, '5a'.repeat(bytes));
  const probeRegion4 = (...answers: string[]) => probe({ ...CDEV_HOST, [CALL]: answers });

  test('is asked for again with the room it needs', () => {
    const run = probeRegion4(`bytes ${chain(400)}`);
    expect(JSON.parse(run.stdout).regions[4]).toEqual({ index: 4, info: chain(400) });
    expect(run.calls.filter((call) => call === CALL)).toHaveLength(2);
  });

  test('that grows between two calls is asked for a third time', () => {
    const run = probeRegion4(`bytes ${chain(32)}`, `bytes ${chain(48)}`, `bytes ${chain(48)}`);
    expect(JSON.parse(run.stdout).regions[4]).toEqual({ index: 4, info: chain(48) });
  });

  test('that shrinks in between leaves zeros in its room, not what the helper had in memory', () => {
    const run = probe({
      ...CDEV_HOST,
      'ioctl /dev/vfio/devices/vfio3 3b6c 2': `bytes ${regionInfo(2, 0xf, 1n << 30n, 'a5'.repeat(400))}`,
      [CALL]: [`bytes ${chain(64)}`, `bytes ${chain(32)}`],
    });
    expect(JSON.parse(run.stdout).regions[4].info).toBe(chain(32) + '00'.repeat(32));
  });

  test('of the device itself is read as well', () => {
    const info = `28000000${DEVICE_INFO.slice(8, 32)}1800000000000000${'5a'.repeat(16)}`;
    const run = probe({ ...CDEV_HOST, 'ioctl /dev/vfio/devices/vfio3 3b6b': `bytes ${info}` });
    expect(JSON.parse(run.stdout)).toEqual({ schema: 1, address: ADDRESS, via: 'cdev', ...ALL, deviceInfo: info });
  });

  test('of an old kernel that fills 16 bytes leaves the rest zero', () => {
    const run = probe({ ...CDEV_HOST, 'ioctl /dev/vfio/devices/vfio3 3b6b': `raw ${DEVICE_INFO.slice(0, 32)}` });
    expect(JSON.parse(run.stdout).deviceInfo).toBe(DEVICE_INFO);
  });
});

describe('a kernel that lies', () => {
  const REGION_4_CALL = 'ioctl /dev/vfio/devices/vfio3 3b6c 4';
  const INFO_CALL = 'ioctl /dev/vfio/devices/vfio3 3b6b';
  const PATH = '/dev/vfio/devices/vfio3';
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes.toString('hex');
  };
  const regionAsking = (argsz: number) => `raw ${word(argsz)}${REGION_4.slice(8, 64)}`;
  const infoWith = (argsz: number, regions: number) => `${word(argsz)}03000000${word(regions)}050000000000000000000000`;

  test('about the room of a region: the regions before it are kept, none after it is asked for', () => {
    const run = probe({ ...CDEV_HOST, [REGION_4_CALL]: regionAsking(65537) });
    const answer = JSON.parse(run.stdout);
    expect(answer.error).toEqual({ step: 'region-info-size', errno: 0, path: PATH });
    expect(answer.deviceInfo).toBe(DEVICE_INFO);
    expect(answer.regions).toEqual(REGIONS_PRINTED.slice(0, 4));
    expect(run.calls).not.toContain('ioctl /dev/vfio/devices/vfio3 3b6c 5');
  });

  test('with the largest number there is', () => {
    const run = probe({ ...CDEV_HOST, [REGION_4_CALL]: regionAsking(0xffff_ffff) });
    expect(JSON.parse(run.stdout).error.step).toBe('region-info-size');
  });

  test('up to the bound, 64 KiB, it is believed', () => {
    const full = regionInfo(4, 0xf, 1n << 31n, '5a'.repeat(65536 - 32));
    const run = probe({ ...CDEV_HOST, [REGION_4_CALL]: `bytes ${full}` });
    expect(JSON.parse(run.stdout).regions[4].info).toBe(full);
  });

  test('by wanting more room every time: it is asked four times', () => {
    const run = probe({ ...CDEV_HOST, [REGION_4_CALL]: [40, 48, 56, 64, 72].map(regionAsking) });
    expect(JSON.parse(run.stdout).error.step).toBe('region-info-size');
    expect(run.calls.filter((call) => call === REGION_4_CALL)).toHaveLength(4);
  });

  test('by wanting less room than it was given: the whole answer is printed, the lie with it', () => {
    const run = probe({ ...CDEV_HOST, [REGION_4_CALL]: regionAsking(0) });
    expect(JSON.parse(run.stdout).regions[4]).toEqual({ index: 4, info: `00000000${REGION_4.slice(8, 64)}` });
  });

  test('about the room of the device', () => {
    const run = probe({ ...CDEV_HOST, [INFO_CALL]: `raw ${infoWith(0x8000_0000, 9)}` });
    const answer = JSON.parse(run.stdout);
    expect(answer.error).toEqual({ step: 'device-info-size', errno: 0, path: PATH });
    expect([answer.deviceInfo, answer.regions]).toEqual([null, []]);
  });

  test('about the number of regions: the number is printed, no region is asked for', () => {
    const run = probe({ ...CDEV_HOST, [INFO_CALL]: `raw ${infoWith(24, 257)}` });
    const answer = JSON.parse(run.stdout);
    expect(answer.error).toEqual({ step: 'region-count', errno: 0, path: PATH });
    expect([answer.deviceInfo, answer.regions]).toEqual([infoWith(24, 257), []]);
  });

  test('up to 256 regions it is believed', () => {
    const others = Array.from({ length: 256 - 9 }, (_, i) => [
      `ioctl /dev/vfio/devices/vfio3 3b6c ${i + 9}`,
      'errno 22',
    ]);
    const run = probe({ ...CDEV_HOST, ...Object.fromEntries(others), [INFO_CALL]: `raw ${infoWith(24, 256)}` });
    const answer = JSON.parse(run.stdout);
    expect([answer.regions.length, answer.error]).toEqual([256, null]);
  });

  test('no region at all is an answer, too', () => {
    const run = probe({ ...CDEV_HOST, [INFO_CALL]: `raw ${infoWith(24, 0)}` });
    const answer = JSON.parse(run.stdout);
    expect([answer.regions, answer.error]).toEqual([[], null]);
  });
});

describe('names in sysfs that lead nowhere', () => {
  test.each([
    ['../../../../kernel/iommu_groups/12x'],
    ['../../../../kernel/iommu_groups/'],
    ['12345678901'],
    [`/${'a'.repeat(200)}`],
  ])('the group link %s is refused before a path is built of it', (target) => {
    const link = `/sys/bus/pci/devices/${ADDRESS}/iommu_group`;
    const run = probe({ ...GROUP_HOST, [`readlink ${link}`]: `target ${target}` });
    expect(JSON.parse(run.stdout).error).toEqual({ step: 'group-find', errno: 0, path: link });
  });

  test.each(['vfio', 'vfio3x', 'xvfio3', '..', 'vfio12345678901'])('the entry %s is no device node', (name) => {
    const directory = `/sys/bus/pci/devices/${ADDRESS}/vfio-dev`;
    const run = probe({ ...CDEV_HOST, [`opendir ${directory}`]: `names ${name}` }, '--via', 'cdev');
    expect(JSON.parse(run.stdout).error).toEqual({ step: 'cdev-find', errno: 0, path: directory });
  });
});
