import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { compileWithFakeKernel, isInstalled } from './compile.ts';
import { runOnFakeKernel, type Scenario, unbalanced } from './fake-kernel.ts';
import { BOTH, COMMAND, memoryHost } from './memory-host.ts';
import { ADDRESS, CDEV_HOST, DEVICE_INFO, GROUP_HOST, KVM_HOST, REGIONS_PRINTED } from './recorded-device.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let helper: string;
beforeAll(() => {
  const directory = temporaryDirectory();
  helper = compileWithFakeKernel(directory.path);
  return directory.remove;
}, 120_000);

/** How one step fails: the verb, the host, what is different on it, and the errno and path that must be printed. */
interface Refusal {
  args: string[];
  host: Scenario;
  change: Scenario;
  errno: number;
  path: string | null;
}

const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;
const NODE = '/dev/vfio/devices/vfio3';
const OVERRIDE = `${DEVICE}/driver_override`;
const DRIVER = '/sys/bus/pci/drivers/nvgrace_gpu_vfio_pci';

const onCdev = (change: Scenario, errno: number, path: string): Refusal => ({
  args: ['probe', ADDRESS, '--via', 'cdev'],
  host: CDEV_HOST,
  change,
  errno,
  path,
});
const onGroup = (change: Scenario, errno: number, path: string): Refusal => ({
  args: ['probe', ADDRESS],
  host: GROUP_HOST,
  change,
  errno,
  path,
});
const onMemory = (change: Scenario, errno: number, path: string | null = NODE, area = BOTH): Refusal => ({
  args: ['memory', ADDRESS, 'quick', ...area],
  host: memoryHost(),
  change,
  errno,
  path,
});
const onKvm = (change: Scenario, errno: number): Refusal => ({
  args: ['kvm'],
  host: KVM_HOST,
  change,
  errno,
  path: '/dev/kvm',
});
const onDriver = (verb: string, change: Scenario, errno: number): Refusal => ({
  args: [verb, ADDRESS, 'nvgrace_gpu_vfio_pci'],
  host: {},
  change,
  errno,
  path: `${DRIVER}/${verb}`,
});
const onOverride = (change: Scenario, errno: number): Refusal => ({
  args: ['override', ADDRESS, 'vfio-pci'],
  host: {},
  change,
  errno,
  path: OVERRIDE,
});
const onFormat = (...args: string[]): Refusal => ({ args, host: {}, change: {}, errno: 0, path: null });

/** errno 0 where the system call succeeded and its answer is what ends the work. */
const REFUSALS: Record<string, Refusal[]> = {
  'address-format': [
    onFormat('probe', '01:00.0'),
    onFormat('probe', ''),
    onFormat('probe', '0009:01:00.8'),
    onFormat('probe', '0009:01:20.0'),
    onFormat('probe', '0009:0A:00.0'),
    onFormat('probe', '009:01:00.0'),
    onFormat('probe', '000000009:01:00.0'),
    onFormat('probe', '0009:01:00.0\n'),
    onFormat('probe', '../../../../etc'),
    onFormat('memory', '0009:01:00', 'quick', ...BOTH),
    onFormat('bind', '0009:01:00.0/..', 'vfio-pci'),
    onFormat('unbind', ' 0009:01:00.0', 'vfio-pci'),
    onFormat('override', '../0009:01:00.0', 'vfio-pci'),
  ],
  'driver-format': [
    onFormat('bind', ADDRESS, ''),
    onFormat('bind', ADDRESS, '..'),
    onFormat('bind', ADDRESS, 'a/b'),
    onFormat('unbind', ADDRESS, 'vfio-pci '),
    onFormat('unbind', ADDRESS, 'x'.repeat(65)),
    onFormat('override', ADDRESS, ''),
    onFormat('override', ADDRESS, 'vfio-pci\n'),
    onFormat('override', ADDRESS, 'x'.repeat(256)),
  ],
  'device-find': [
    onCdev({ [`exists ${DEVICE}`]: 'errno 2' }, 2, DEVICE),
    onGroup({ [`exists ${DEVICE}`]: 'errno 2' }, 2, DEVICE),
  ],
  'cdev-find': [
    onCdev({ [`opendir ${DEVICE}/vfio-dev`]: 'errno 2' }, 2, `${DEVICE}/vfio-dev`),
    onCdev({ [`opendir ${DEVICE}/vfio-dev`]: 'names . .. errno 5' }, 5, `${DEVICE}/vfio-dev`),
    onCdev({ [`opendir ${DEVICE}/vfio-dev`]: 'names . ..' }, 0, `${DEVICE}/vfio-dev`),
  ],
  'cdev-noiommu': [
    onCdev({ [`opendir ${DEVICE}/vfio-dev`]: 'names . .. noiommu-vfio3' }, 0, '/dev/vfio/devices/noiommu-vfio3'),
  ],
  'iommufd-open': [onCdev({ 'open /dev/iommu': 'errno 13' }, 13, '/dev/iommu')],
  'cdev-open': [onCdev({ [`open ${NODE}`]: 'errno 16' }, 16, NODE)],
  'iommufd-bind': [onCdev({ [`ioctl ${NODE} 3b76 argsz=16 flags=0 /dev/iommu`]: 'errno 16' }, 16, NODE)],
  'group-find': [onGroup({ [`readlink ${DEVICE}/iommu_group`]: 'errno 2' }, 2, `${DEVICE}/iommu_group`)],
  'group-noiommu': [onGroup({ 'exists /dev/vfio/noiommu-12': 'ok' }, 0, '/dev/vfio/noiommu-12')],
  'container-open': [onGroup({ 'open /dev/vfio/vfio': 'errno 19' }, 19, '/dev/vfio/vfio')],
  'container-version': [
    onGroup({ 'ioctl /dev/vfio/vfio 3b64 0': 'errno 25' }, 25, '/dev/vfio/vfio'),
    onGroup({ 'ioctl /dev/vfio/vfio 3b64 0': 'return 1' }, 0, '/dev/vfio/vfio'),
  ],
  'container-type1v2': [
    onGroup({ 'ioctl /dev/vfio/vfio 3b65 3': 'errno 12' }, 12, '/dev/vfio/vfio'),
    onGroup({ 'ioctl /dev/vfio/vfio 3b65 3': 'return 0' }, 0, '/dev/vfio/vfio'),
  ],
  'group-open': [onGroup({ 'open /dev/vfio/12': 'errno 16' }, 16, '/dev/vfio/12')],
  'group-status': [onGroup({ 'ioctl /dev/vfio/12 3b67': 'errno 19' }, 19, '/dev/vfio/12')],
  'group-viable': [onGroup({ 'ioctl /dev/vfio/12 3b67': 'raw 0800000000000000' }, 0, '/dev/vfio/12')],
  'group-container': [onGroup({ 'ioctl /dev/vfio/12 3b68 /dev/vfio/vfio': 'errno 1' }, 1, '/dev/vfio/12')],
  'container-iommu': [onGroup({ 'ioctl /dev/vfio/vfio 3b66 3': 'errno 22' }, 22, '/dev/vfio/vfio')],
  'group-device': [onGroup({ [`ioctl /dev/vfio/12 3b6a ${ADDRESS}`]: 'errno 11' }, 11, '/dev/vfio/12')],
  'device-info': [
    onCdev({ [`ioctl ${NODE} 3b6b`]: 'errno 5' }, 5, NODE),
    onGroup({ 'ioctl device 3b6b': 'errno 5' }, 5, '/dev/vfio/12'),
  ],
  'device-info-size': [onGroup({ 'ioctl device 3b6b': `raw 01000100${DEVICE_INFO.slice(8)}` }, 0, '/dev/vfio/12')],
  'region-count': [
    onGroup({ 'ioctl device 3b6b': `raw ${DEVICE_INFO.replace('09000000', 'ffffffff')}` }, 0, '/dev/vfio/12'),
  ],
  'region-info': [
    onCdev({ [`ioctl ${NODE} 3b6c 2`]: 'errno 12' }, 12, NODE),
    onGroup({ 'ioctl device 3b6c 0': 'errno 19' }, 19, '/dev/vfio/12'),
    onMemory({ [`ioctl ${NODE} 3b6c 7`]: 'errno 22' }, 22),
    onMemory({ [`ioctl ${NODE} 3b6c 4`]: 'errno 22' }, 22),
  ],
  'region-info-size': [onGroup({ 'ioctl device 3b6c 4': `raw 01000100${'00'.repeat(28)}` }, 0, '/dev/vfio/12')],
  'cpu-affinity': [onMemory({ 'affinity 70,71': 'errno 22' }, 22, null, [...BOTH, '--cpus', '70-71'])],
  'memory-enable': [
    onMemory({ [`pread ${NODE} ${COMMAND}`]: 'errno 5' }, 5),
    onMemory({ [`pread ${NODE} ${COMMAND}`]: 'return 1' }, 0),
    onMemory({ [`pread ${NODE} ${COMMAND}`]: 'bytes 0404', [`pwrite ${NODE} ${COMMAND}`]: 'errno 5' }, 5),
    onMemory({ [`pread ${NODE} ${COMMAND}`]: 'bytes 0404', [`pwrite ${NODE} ${COMMAND}`]: 'return 1' }, 0),
  ],
  'area-map': [onMemory({ [`mmap ${NODE} 1048576 20000000000`]: 'errno 12' }, 12)],
  'area-tail': [
    onMemory({ [`pwrite ${NODE} 100 40000001000`]: 'errno 5' }, 5, NODE, ['--area', '4:0:4196:cached']),
    onMemory({ [`pread ${NODE} 100 40000001000`]: 'return 99' }, 0, NODE, ['--area', '4:0:4196:cached']),
  ],
  'memory-access': [onMemory({ [`memory ${NODE} ${4n << 40n}`]: '25165824 of 33554432 short 0x1000' }, 0)],
  interrupted: [onMemory({ [`mmap ${NODE} 1048576 20000000000`]: 'signal 15' }, 0, null)],
  'driver-bind-open': [onDriver('bind', {}, 2)],
  'driver-bind': [
    onDriver('bind', { [`open ${DRIVER}/bind`]: 'ok', [`write ${DRIVER}/bind ${ADDRESS}`]: 'errno 75' }, 75),
    onDriver('bind', { [`open ${DRIVER}/bind`]: 'ok', [`write ${DRIVER}/bind ${ADDRESS}`]: 'return 3' }, 0),
  ],
  'driver-unbind-open': [onDriver('unbind', { [`open ${DRIVER}/unbind`]: 'errno 13' }, 13)],
  'driver-unbind': [
    onDriver('unbind', { [`open ${DRIVER}/unbind`]: 'ok', [`write ${DRIVER}/unbind ${ADDRESS}`]: 'errno 19' }, 19),
  ],
  'driver-override-open': [onOverride({ [`open ${OVERRIDE}`]: 'errno 13' }, 13)],
  'driver-override': [
    onOverride({ [`open ${OVERRIDE}`]: 'ok', [`write ${OVERRIDE} vfio-pci`]: 'errno 12' }, 12),
    onOverride({ [`open ${OVERRIDE}`]: 'ok', [`write ${OVERRIDE} vfio-pci`]: 'return 3' }, 0),
  ],
  'kvm-open': [onKvm({ 'open /dev/kvm': 'errno 13' }, 13)],
  'kvm-version': [onKvm({ 'ioctl /dev/kvm ae00 0': 'errno 25' }, 25)],
  'kvm-ipa-size': [onKvm({ 'ioctl /dev/kvm ae03 165': 'errno 22' }, 22)],
  'kvm-create-vm': [onKvm({ 'ioctl /dev/kvm ae01 0': 'errno 22' }, 22)],
  'kvm-cacheable-pfnmap': [onKvm({ 'ioctl vm ae03 243': 'errno 22' }, 22)],
};

const cases = Object.entries(REFUSALS).flatMap(([step, refusals]) =>
  refusals.map((refusal, i): [string, string, Refusal] => [`${step}, ${i + 1}`, step, refusal]),
);

describe('every step', () => {
  test('of the helper is tested below, and no other', () => {
    const run = runOnFakeKernel(helper, ['steps'], {});
    expect(JSON.parse(run.stdout)).toEqual(Object.keys(REFUSALS));
  });

  test('is explained in README.md', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../src/vfio/helper/README.md'), 'utf8');
    const steps = readme.slice(readme.indexOf('## Steps'), readme.indexOf('## Files'));
    const firstCells = steps.split('\n').map((row) => row.split('|')[1] ?? '');
    const explained = firstCells.flatMap((cell) => cell.match(/[a-z0-9-]+(?=`)/g) ?? []);
    expect(explained.sort()).toEqual(Object.keys(REFUSALS).sort());
  });

  test.each(cases)('%s is named with its errno and path, and everything is closed', (_title, step, refusal) => {
    const scenario = { ...refusal.host, ...refusal.change };
    const run = runOnFakeKernel(helper, refusal.args, scenario);
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    const answer = run.stdout.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(answer).error).toEqual({ step, errno: refusal.errno, path: refusal.path });
    expect(unbalanced(run.calls, scenario)).toEqual([]);
  });

  test.skipIf(!isInstalled('valgrind'))(
    'leaves valgrind nothing to say',
    () => {
      const directory = temporaryDirectory();
      onTestFinished(directory.remove);
      const plain = compileWithFakeKernel(directory.path, ['-g', '-O1']);
      const valgrind = [
        'valgrind',
        '--quiet',
        '--error-exitcode=42',
        '--leak-check=full',
        '--show-leak-kinds=all',
        plain,
      ];
      const inspected: [string, Refusal][] = [
        ['cdev', onCdev({}, 0, '')],
        ['group', onGroup({}, 0, '')],
        ['kvm', onKvm({}, 0)],
        ...['iommufd-bind', 'group-noiommu', 'region-info-size', 'driver-bind', 'address-format'].flatMap((step) =>
          (REFUSALS[step] ?? []).slice(0, 1).map((refusal): [string, Refusal] => [step, refusal]),
        ),
      ];
      const said = inspected.map(([title, { args, host, change }]) => {
        const run = runOnFakeKernel(valgrind, args, { ...host, ...change });
        return { title, status: run.status, stderr: run.stderr };
      });
      expect(said).toHaveLength(8);
      expect(said.filter(({ status, stderr }) => status !== 0 || stderr !== '')).toEqual([]);
    },
    120_000,
  );
});

describe('what was learned before a failure is kept', () => {
  const answer = (args: string[], scenario: Scenario) => JSON.parse(runOnFakeKernel(helper, args, scenario).stdout);

  test('regions before the one that fails, and that one with its errno', () => {
    const scenario = { ...CDEV_HOST, [`ioctl ${NODE} 3b6c 4`]: 'errno 19' };
    expect(answer(['probe', ADDRESS], scenario)).toEqual({
      schema: 1,
      address: ADDRESS,
      via: 'cdev',
      deviceInfo: DEVICE_INFO,
      regions: [...REGIONS_PRINTED.slice(0, 4), { index: 4, errno: 19 }],
      error: { step: 'region-info', errno: 19, path: NODE },
    });
  });

  test('nothing, where the device did not open', () => {
    expect(answer(['probe', ADDRESS], { ...GROUP_HOST, 'open /dev/vfio/12': 'errno 16' })).toEqual({
      schema: 1,
      address: ADDRESS,
      via: 'group',
      deviceInfo: null,
      regions: [],
      error: { step: 'group-open', errno: 16, path: '/dev/vfio/12' },
    });
  });

  test('each answer of KVM that could be had, and the first failure', () => {
    const scenario = { ...KVM_HOST, 'ioctl /dev/kvm ae03 165': 'errno 22', 'ioctl vm ae03 243': 'errno 5' };
    expect(answer(['kvm'], scenario)).toEqual({
      schema: 1,
      kvm: { apiVersion: 12, ipaSizeBits: null, cacheablePfnmap: null },
      error: { step: 'kvm-ipa-size', errno: 22, path: '/dev/kvm' },
    });
  });
});
