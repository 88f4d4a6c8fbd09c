import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import type { Running } from './kit/ghpass.ts';
import { canHaveOwnMounts, canSeeOpenFiles, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;
const DEVICE = `/sys/bus/pci/devices/${GPU}`;
const NVGRACE = 'nvgrace_gpu_vfio_pci';
/** The memory of the GPU, 94.5 GiB at 2 TiB, as the kernel lists it while NVIDIA's driver has it online. */
const ONLINE = '20000000000-2179fffffff : System RAM (NVIDIA)\n';
const OF_ANOTHER_GPU = '40000000000-4179fffffff : System RAM (NVIDIA)\n';

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

function graceHost(gpu: Partial<SyntheticGpu>, files: Record<string, string> = {}): GraceHost {
  const host = graceHostIn(temporaryDirectory(), gpu);
  for (const [path, text] of Object.entries({ '/proc/iomem': OF_ANOTHER_GPU, ...files })) {
    mkdirSync(host.path(path.slice(0, path.lastIndexOf('/'))), { recursive: true });
    writeFileSync(host.path(path), text);
  }
  return host;
}

async function errorOf(host: GraceHost, ...args: string[]) {
  const { status, stdout } = await host.run([...args, '--json']);
  expect(stdout).toMatch(/^\{/);
  return { status, error: JSON.parse(stdout).error };
}

async function end(program: ChildProcess): Promise<void> {
  program.kill('SIGKILL');
  await once(program, 'exit');
}

async function untilSaid(running: Running, words: string): Promise<void> {
  while (!running.stderr().includes(words)) await sleep(50);
}

const OF_NVIDIA = { ...UNTOUCHED, driver: 'nvidia', override: 'nvidia' };

// One after the other: what one test has open is open for all.
describe.skipIf(!canSeeOpenFiles())('a GPU that NVIDIA’s driver has', { timeout: PATIENCE_MS }, () => {
  test('is bound where nobody uses it, and goes back to its driver', async () => {
    const host = graceHost({ driver: 'nvidia' });
    expect(await host.run(['bind', GPU])).toEqual({ status: 0, stdout: `${GPU} is bound\n`, stderr: '' });
    expect(stateOf(host)).toMatchObject({ driver: NVGRACE, override: NVGRACE });
    expect(await host.run(['release', GPU])).toEqual({ status: 0, stdout: `${GPU} is as it was\n`, stderr: '' });
    expect(stateOf(host)).toEqual(OF_NVIDIA);
  });

  test('is left alone where somebody has it open, who is named', async () => {
    const host = graceHost({ driver: 'nvidia' }, { '/dev/nvidia0': '', '/dev/nvidiactl': '' });
    const holder = await host.startProgram('exec 8</dev/nvidia0 9</dev/nvidiactl; echo; exec sleep 60');
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    expect(error).toEqual({
      code: 'nvidia.holders',
      message: `${GPU} is bound to nvidia and in use: sleep (process ${holder.pid}) has /dev/nvidia0, /dev/nvidiactl open`,
      suggestions: [`ps -fp ${holder.pid}   # end them if they may go: kill ${holder.pid}`],
    });
    expect(stateOf(host)).toEqual(OF_NVIDIA);
    await end(holder);
  });

  test('is left alone as long as the host uses its memory', async () => {
    const host = graceHost({ driver: 'nvidia' }, { '/proc/iomem': ONLINE });
    const { status, error } = await errorOf(host, 'bind', GPU, '--wait', '1');
    expect(status).toBe(1);
    expect(error).toMatchObject({
      code: 'nvidia.memory-online',
      message: expect.stringMatching(
        new RegExp(
          `^${GPU}: after \\d+ s the host still uses 94.5 GiB of its memory, as "System RAM \\(NVIDIA\\)" of /proc/iomem; a guest that got it would overwrite what is in it$`,
        ),
      ),
    });
    expect(stateOf(host)).toEqual(OF_NVIDIA);
  });

  test('is bound once its memory is offline', async () => {
    const host = graceHost({ driver: 'nvidia' }, { '/proc/iomem': ONLINE });
    const running = host.start(['bind', GPU, '--wait', '60']);
    await Promise.race([running.ended, untilSaid(running, 'still uses')]);
    expect(host.driver()).toBe('nvidia');
    writeFileSync(host.path('/proc/iomem'), OF_ANOTHER_GPU);
    const { status, stderr } = await running.ended;
    expect(stderr).toMatch(
      new RegExp(`^(${GPU}: the host still uses 94.5 GiB of its memory: \\d+ s of at most 60 s\n)+$`),
    );
    expect(status).toBe(0);
    expect(host.driver()).toBe(NVGRACE);
  });
});

describe.skipIf(!canHaveOwnMounts()).concurrent('bind', { timeout: PATIENCE_MS }, () => {
  test('refuses a GPU with virtual functions, before it changes anything', async () => {
    const host = graceHost({ driver: null }, { [`${DEVICE}/sriov_numvfs`]: '2\n' });
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    expect(error).toEqual({
      code: 'gpu.vfs-enabled',
      message: `${GPU} has 2 virtual functions enabled, and the driver refuses a device that has any`,
      suggestions: [`echo 0 > ${DEVICE}/sriov_numvfs`],
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('refuses a GPU with others on host drivers in its group, before it changes anything', async () => {
    const other = '0009:01:00.1';
    const host = graceHost({ driver: null }, { [`/sys/bus/pci/devices/${other}/class`]: '0x040300\n' });
    symlinkSync('../../../../bus/pci/drivers/snd_hda_intel', host.path(`/sys/bus/pci/devices/${other}/driver`));
    const members = '/sys/kernel/iommu_groups/12/devices';
    symlinkSync(`../../../../bus/pci/devices/${other}`, host.path(`${members}/${other}`));
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    expect(error).toEqual({
      code: 'iommu.group-not-viable',
      message: `${GPU}: its IOMMU group 12 has functions on drivers of the host, with which no guest can get it: ${other} (snd_hda_intel)`,
      suggestions: [`echo ${other} > /sys/bus/pci/drivers/snd_hda_intel/unbind`],
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('takes the driver’s name from sysfs, whichever spelling is there', async () => {
    const host = graceHost({ driver: null });
    const dashed = 'nvgrace-gpu-vfio-pci';
    host.replaceTool(
      'modprobe',
      `case $1 in --remove) rmdir "/sys/bus/pci/drivers/$2" ;; *) mkdir "/sys/bus/pci/drivers/$1" ;; esac`,
    );
    expect(await host.run(['bind', GPU])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toMatchObject({ driver: dashed, override: dashed });
    expect(await host.run(['bind', GPU])).toMatchObject({ status: 0, stdout: `${GPU} was bound already\n` });
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('notices an override that somebody takes away, and puts everything back', async () => {
    const host = graceHost({ driver: null });
    host.beforeTool('ghpass-vfio', `case $1 in bind) echo > ${DEVICE}/driver_override ;; esac`);
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    expect(error).toMatchObject({
      code: 'driver.override-lost',
      message: `${GPU}: the kernel accepted the bind, and ${NVGRACE} is bound; driver_override is empty, ${NVGRACE} was written`,
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  /** The answer of the helper to one verb, or to one verb and driver. */
  const answering = (verb: string, error: object) =>
    `case $1-$3 in ${verb}) echo '${JSON.stringify({ schema: 1, error })}'; exit ;; esac`;

  test.each<[string, number, string, string, Record<string, string | Uint8Array>]>([
    [
      'driver.bind-einval',
      22,
      'EINVAL',
      'the memory leaves no usable part of 512 MiB, or the device has no IOMMU group',
      {},
    ],
    [
      'driver.bind-eoverflow',
      75,
      'EOVERFLOW',
      'firmware announces less memory than the 1 GiB that the driver reserves',
      {},
    ],
    [
      'driver.bind-ebusy',
      16,
      'EBUSY',
      'BAR0 is held, virtual functions are enabled, or the device is already bound',
      {},
    ],
    ['driver.bind-enodev', 19, 'ENODEV', 'the driver does not take the device', {}],
    [
      'driver.bind-enodev',
      19,
      'ENODEV',
      'its configuration space reads all ones: the device does not answer',
      { [`${DEVICE}/config`]: new Uint8Array(64).fill(0xff) },
    ],
    ['driver.bind-failed', 5, 'EIO', 'see the kernel log', {}],
  ])('%s is the driver’s errno %i, %s: %s', async (code, errno, name, meaning, changes) => {
    const host = graceHost({ driver: null });
    for (const [path, content] of Object.entries(changes)) writeFileSync(host.path(path), content);
    const path = `/sys/bus/pci/drivers/${NVGRACE}/bind`;
    host.beforeTool('ghpass-vfio', answering('bind-*', { step: 'driver-bind', errno, path }));
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    expect(error).toEqual({
      code,
      message: `${GPU}: writing to ${path} failed with ${name} (${errno}): ${meaning}`,
      suggestions: [`ghpass probe ${GPU}`, `dmesg | grep -e ${GPU} -e nvgrace`],
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('says what makes a device busy that has virtual functions since it was looked at', async () => {
    const host = graceHost({ driver: null }, { [`${DEVICE}/sriov_numvfs`]: '0\n' });
    const error = { step: 'driver-bind', errno: 16, path: 'bind' };
    host.beforeTool(
      'ghpass-vfio',
      `case $1 in bind) echo 2 > ${DEVICE}/sriov_numvfs ;; esac\n${answering('bind-*', error)}`,
    );
    expect(await errorOf(host, 'bind', GPU)).toMatchObject({
      status: 1,
      error: {
        code: 'driver.bind-ebusy',
        message: `${GPU}: writing to bind failed with EBUSY (16): it has 2 virtual functions enabled`,
      },
    });
  });

  test('tells that driver_override may not be written, and that it is a matter of permission', async () => {
    const host = graceHost({ driver: null });
    const error = { step: 'driver-override-open', errno: 13, path: `${DEVICE}/driver_override` };
    host.beforeTool('ghpass-vfio', answering(`override-${NVGRACE}`, error));
    expect(await errorOf(host, 'bind', GPU)).toEqual({
      status: 4,
      error: {
        code: 'driver.override-failed',
        message: `${DEVICE}/driver_override: EACCES`,
        suggestions: [`sudo ghpass bind ${GPU}`],
      },
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('says how long it waits for the device', async () => {
    const host = graceHost({ driver: null });
    host.beforeTool('ghpass-vfio', 'case $1 in bind) sleep 6 ;; esac');
    const { status, stderr } = await host.run(['bind', GPU]);
    expect(stderr).toMatch(new RegExp(`^(binding ${GPU} to ${NVGRACE}: \\d+ s of at most 40 s\n)+$`));
    expect(status).toBe(0);
  });

  test('tells both where it fails and the GPU cannot be put back, and recover tries again', async () => {
    const host = graceHost({ driver: 'vfio-pci' });
    const failed = (errno: number) =>
      `printf '{"schema":1,"error":{"step":"driver-bind","errno":%d,"path":"%s"}}\\n' ${errno} /sys/bus/pci/drivers/$3/bind; exit`;
    host.beforeTool('ghpass-vfio', `case $1-$3 in bind-vfio-pci) ${failed(16)} ;; bind-*) ${failed(75)} ;; esac`);
    const { status, error } = await errorOf(host, 'bind', GPU);
    expect(status).toBe(1);
    const overflow = `${GPU}: writing to /sys/bus/pci/drivers/${NVGRACE}/bind failed with EOVERFLOW (75): firmware announces less memory than the 1 GiB that the driver reserves`;
    const stillBusy = `${GPU} could not be put back: ${GPU}: writing to /sys/bus/pci/drivers/vfio-pci/bind failed with EBUSY (16): BAR0 is held, virtual functions are enabled, or the device is already bound`;
    expect(error).toEqual({
      code: 'driver.bind-eoverflow',
      message: `${overflow}; and ${stillBusy}`,
      suggestions: [`ghpass probe ${GPU}`, `dmesg | grep -e ${GPU} -e nvgrace`, 'ghpass recover   # tries again'],
    });
    expect(stateOf(host)).toMatchObject({ driver: null, journals: [`${GPU}.jsonl`] });

    const again = await errorOf(host, 'recover');
    expect(again).toMatchObject({ status: 1, error: { code: 'driver.bind-ebusy', message: stillBusy } });
    host.beforeTool('ghpass-vfio', '');
    expect(await host.run(['recover'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual({ ...UNTOUCHED, driver: 'vfio-pci', override: 'vfio-pci' });
  });
});

describe.skipIf(!canHaveOwnMounts()).concurrent('two ghpass at once', { timeout: PATIENCE_MS }, () => {
  test.each([
    [['bind', GPU]],
    [['release', GPU]],
    [['create-vm', 'demo', '--memory', '1G']],
    [['create-vm', 'demo', '--bind', '--memory', '1G']],
  ])('the second is refused and told who is first: %j', async (second) => {
    const host = graceHost({ driver: 'vfio-pci' });
    if (second[0] === 'release') await host.run(['bind', GPU]);
    host.beforeTool('ghpass-vfio', 'case $1 in unbind) echo > $GRACE_ROOT/unbinding; sleep 8 ;; esac');
    const first = second[0] === 'release' ? second : ['bind', GPU];
    const running = host.start(first);
    await host.appears('/unbinding');
    const { status, error } = await errorOf(host, ...second);
    expect(status).toBe(1);
    expect(error).toEqual({
      code: 'journal.busy',
      message: `ghpass ${first[0]} (process ${running.pid}) is working on ${GPU}`,
      suggestions: ['wait until it has ended', `ps -fp ${running.pid}`],
    });
    expect(await host.run(['recover'])).toMatchObject({ stdout: 'nothing was left behind\n' });
    expect((await running.ended).status).toBe(0);
  });

  test('a helper that outlives its ghpass is waited for, and what it did is undone', async () => {
    const host = graceHost({ driver: null });
    host.beforeTool('ghpass-vfio', 'case $1 in bind) echo > $GRACE_ROOT/binding; sleep 4 ;; esac');
    const running = host.start(['bind', GPU]);
    await host.appears('/binding');
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    expect(host.driver()).toBeNull();
    const { status, stdout, stderr } = await host.run(['recover']);
    expect(stderr).toMatch(/^waiting for process \d+ \(.*ghpass-vfio bind 0009:01:00.0 \S+\), at most 300 s\n$/);
    expect(stdout).toBe(`${GPU}: what ghpass bind had changed is undone\n`);
    expect(status).toBe(0);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });
});

describe.skipIf(!canSeeOpenFiles()).concurrent('release', { timeout: PATIENCE_MS }, () => {
  test('leaves a GPU that somebody has open to them', async () => {
    const host = graceHost({ driver: null, iommuGroup: '77' }, { '/dev/vfio/77': '' });
    await host.run(['bind', GPU]);
    const holder = await host.startProgram('exec 9</dev/vfio/77; echo; exec sleep 60');
    const { status, error } = await errorOf(host, 'release', GPU);
    expect(status).toBe(1);
    expect(error).toMatchObject({
      code: 'vfio.busy',
      message: `${GPU} is bound to ${NVGRACE} and in use: sleep (process ${holder.pid}) has /dev/vfio/77 open`,
    });
    expect(host.driver()).toBe(NVGRACE);
    await end(holder);
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });
});
