import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileHelper, compileWithFakeKernel } from './compile.ts';
import { runOnFakeKernel, type Scenario } from './fake-kernel.ts';
import { ADDRESS, KVM_HOST } from './recorded-device.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let fake: string;
let real: string;
beforeAll(() => {
  const directory = temporaryDirectory();
  fake = compileWithFakeKernel(directory.path);
  real = compileHelper('cc', directory.path);
  return directory.remove;
}, 120_000);

const onFake = (args: string[], scenario: Scenario = {}) => runOnFakeKernel(fake, args, scenario);
const onThisMachine = (...args: string[]) => spawnSync(real, args, { encoding: 'utf8' });

describe('bind and unbind', () => {
  test.each(['bind', 'unbind'])('%s is one write of the address into the driver, closed again', (verb) => {
    const path = `/sys/bus/pci/drivers/nvgrace_gpu_vfio_pci/${verb}`;
    const run = onFake([verb, ADDRESS, 'nvgrace_gpu_vfio_pci'], {
      [`open ${path}`]: 'ok',
      [`write ${path} ${ADDRESS}`]: 'ok',
    });
    expect(run.stdout).toBe(
      `{"schema":1,"address":"0009:01:00.0","driver":"nvgrace_gpu_vfio_pci","path":"${path}","error":null}\n`,
    );
    expect(run.calls).toEqual([`open ${path}`, `write ${path} ${ADDRESS}`, `close ${path}`]);
    expect(run.status).toBe(0);
  });

  test('the error of the driver is that of its probe', () => {
    const path = '/sys/bus/pci/drivers/vfio-pci/bind';
    const run = onFake(['bind', '10000:e1:1f.7', 'vfio-pci'], {
      [`open ${path}`]: 'ok',
      [`write ${path} 10000:e1:1f.7`]: 'errno 75',
    });
    expect(run.stdout).toBe(
      `{"schema":1,"address":"10000:e1:1f.7","driver":"vfio-pci","path":"${path}",` +
        `"error":{"step":"driver-bind","errno":75,"path":"${path}"}}\n`,
    );
  });

  test('the longest names that are allowed fit', () => {
    const driver = 'x'.repeat(64);
    const path = `/sys/bus/pci/drivers/${driver}/unbind`;
    const run = onFake(['unbind', '89abcdef:ff:1f.7', driver], { [`open ${path}`]: 'errno 2' });
    expect(JSON.parse(run.stdout).error).toEqual({ step: 'driver-unbind-open', errno: 2, path });
  });

  test('a name that is refused is printed as JSON, whatever its bytes are, and no call is made', () => {
    const run = onFake(['bind', '"\\\n\u00e9', '\u{1f600}']);
    expect(run.stdout).toBe(
      String.raw`{"schema":1,"address":"\"\\\u000a\u00c3\u00a9","driver":"\u00f0\u009f\u0098\u0080","path":null,` +
        '"error":{"step":"address-format","errno":0,"path":null}}\n',
    );
    expect(run.calls).toEqual([]);
  });
});

describe('override', () => {
  const path = `/sys/bus/pci/devices/${ADDRESS}/driver_override`;

  test('is one write of the name, whatever characters somebody has put there before', () => {
    const run = onFake(['override', ADDRESS, 'some driver/1.0'], {
      [`open ${path}`]: 'ok',
      [`write ${path} some driver/1.0`]: 'ok',
    });
    expect(run.stdout).toBe(
      `{"schema":1,"address":"0009:01:00.0","driver":"some driver/1.0","path":"${path}","error":null}\n`,
    );
    expect(run.calls).toEqual([`open ${path}`, `write ${path} some driver/1.0`, `close ${path}`]);
  });

  test('is cleared by a newline', () => {
    const run = onFake(['override', ADDRESS], { [`open ${path}`]: 'ok' });
    expect(run.stdout).toContain('"driver":null,');
    expect(run.calls.slice(0, 2)).toEqual([`open ${path}`, `write ${path} `]);
  });
});

describe('kvm', () => {
  test('asks for the address size on /dev/kvm and for cacheable mappings on a machine', () => {
    const run = onFake(['kvm'], KVM_HOST);
    expect(run.stdout).toBe('{"schema":1,"kvm":{"apiVersion":12,"ipaSizeBits":48,"cacheablePfnmap":1},"error":null}\n');
    expect(run.calls).toEqual([
      'open /dev/kvm',
      'ioctl /dev/kvm ae00 0',
      'ioctl /dev/kvm ae03 165',
      'ioctl /dev/kvm ae01 0',
      'ioctl vm ae03 243',
      'close vm',
      'close /dev/kvm',
    ]);
  });

  test('no for an answer is 0, not knowing is null', () => {
    const refusing = { ...KVM_HOST, 'ioctl /dev/kvm ae03 165': 'return 0', 'ioctl /dev/kvm ae01 0': 'errno 22' };
    expect(onFake(['kvm'], refusing).stdout).toBe(
      '{"schema":1,"kvm":{"apiVersion":12,"ipaSizeBits":0,"cacheablePfnmap":null},' +
        '"error":{"step":"kvm-create-vm","errno":22,"path":"/dev/kvm"}}\n',
    );
  });
});

describe('wrong usage', () => {
  const MEMORY_USAGE =
    'ghpass-vfio memory ADDRESS quick|full|scrub --area REGION:OFFSET:SIZE:cached|combined... ' +
    '[--threads N] [--cpus LIST] [--via cdev|group]';
  const ALL_VERBS = `usage: ghpass-vfio probe ADDRESS [--via cdev|group]
       ${MEMORY_USAGE}
       ghpass-vfio bind ADDRESS DRIVER
       ghpass-vfio unbind ADDRESS DRIVER
       ghpass-vfio override ADDRESS [DRIVER]
       ghpass-vfio kvm
       ghpass-vfio steps
       ghpass-vfio version
`;
  const PROBE = "ghpass-vfio: wrong arguments for 'probe'\nusage: ghpass-vfio probe ADDRESS [--via cdev|group]\n";

  const AREA = '4:0:4096:cached';
  const MEMORY = `ghpass-vfio: wrong arguments for 'memory'\nusage: ${MEMORY_USAGE}\n`;

  test.each([
    [[], `ghpass-vfio: no verb given\n${ALL_VERBS}`],
    [['frob'], `ghpass-vfio: unknown verb 'frob'\n${ALL_VERBS}`],
    [['--help'], `ghpass-vfio: unknown verb '--help'\n${ALL_VERBS}`],
    [['probe'], PROBE],
    [['probe', ADDRESS, '--via'], PROBE],
    [['probe', ADDRESS, '--via', 'sysfs'], PROBE],
    [['probe', ADDRESS, '--by', 'cdev'], PROBE],
    [['probe', ADDRESS, '--via', 'cdev', 'x'], PROBE],
    [['memory', ADDRESS, 'quick'], MEMORY],
    [['memory', ADDRESS, 'quick', '--via', 'cdev'], MEMORY],
    [['memory', ADDRESS, 'slow', '--area', AREA], MEMORY],
    [['memory', ADDRESS, 'quick', '--area'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--threads', '0'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--threads', '257'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--threads', '2x'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--via', 'sysfs'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', ''], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', 'x'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '1-'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '3-1'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '1,'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '1024'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '0-1024'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--cpus', '0 1'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', AREA, '--speed', '9'], MEMORY],
    [['memory', ADDRESS, 'quick', ...Array<string[]>(9).fill(['--area', AREA]).flat()], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:4096'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:4096:'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:4096:device'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:0:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:-1:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0: 1:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:0x1000:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:9223372036854775808:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:1:9223372036854775807:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4:0:99999999999999999999:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', '4294967296:0:4096:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', ':0:4096:cached'], MEMORY],
    [['memory', ADDRESS, 'quick', '--area', ''], MEMORY],
    [['bind', ADDRESS], "ghpass-vfio: wrong arguments for 'bind'\nusage: ghpass-vfio bind ADDRESS DRIVER\n"],
    [
      ['unbind', ADDRESS, 'a', 'b'],
      "ghpass-vfio: wrong arguments for 'unbind'\nusage: ghpass-vfio unbind ADDRESS DRIVER\n",
    ],
    [['kvm', 'x'], "ghpass-vfio: wrong arguments for 'kvm'\nusage: ghpass-vfio kvm\n"],
    [['steps', 'x'], "ghpass-vfio: wrong arguments for 'steps'\nusage: ghpass-vfio steps\n"],
    [['version', 'x'], "ghpass-vfio: wrong arguments for 'version'\nusage: ghpass-vfio version\n"],
  ])('%j', (args, message) => {
    const run = onFake(args);
    expect(run.stderr).toBe(message);
    expect([run.stdout, run.status, run.calls]).toEqual(['', 2, []]);
  });
});

describe('the helper as it ships, on this machine', () => {
  test('says its version', () => {
    expect(onThisMachine('version').stdout).toBe('{"schema":1,"version":"1.2.3"}\n');
  });

  test('does not find a device that is not there', () => {
    const run = onThisMachine('probe', 'fedcba98:ff:1f.7');
    expect(run.stdout).toBe(
      '{"schema":1,"address":"fedcba98:ff:1f.7","via":"group","deviceInfo":null,"regions":[],' +
        '"error":{"step":"device-find","errno":2,"path":"/sys/bus/pci/devices/fedcba98:ff:1f.7"}}\n',
    );
    expect(run.status).toBe(0);
  });

  test('does not find a driver that is not there', () => {
    expect(onThisMachine('unbind', ADDRESS, 'no-such-driver').stdout).toBe(
      '{"schema":1,"address":"0009:01:00.0","driver":"no-such-driver","path":"/sys/bus/pci/drivers/no-such-driver/unbind",' +
        '"error":{"step":"driver-unbind-open","errno":2,"path":"/sys/bus/pci/drivers/no-such-driver/unbind"}}\n',
    );
  });

  test.skipIf(existsSync('/dev/kvm'))('says that there is no KVM', () => {
    expect(onThisMachine('kvm').stdout).toBe(
      '{"schema":1,"kvm":{"apiVersion":null,"ipaSizeBits":null,"cacheablePfnmap":null},' +
        '"error":{"step":"kvm-open","errno":2,"path":"/dev/kvm"}}\n',
    );
  });

  test('an answer that cannot be written is an internal failure', () => {
    const run = spawnSync('sh', ['-c', '"$0" steps > /dev/full', real], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([70, 'ghpass-vfio: stdout: No space left on device\n']);
  });
});
