import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTimeOf } from '../../src/guest/journal/process-identity.ts';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import { canSeeOpenFiles, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 240_000;

const temporaryDirectory = temporaryDirectories();
const graceHost = (gpu: Partial<SyntheticGpu> = { driver: null }) => graceHostIn(temporaryDirectory(), gpu);

beforeAll(() => {
  installedPackage();
});

const NVGRACE = 'nvgrace_gpu_vfio_pci';
const CREATE = ['create-vm', 'demo', '--memory', '1G', '--bind'];
const LASTING = '/var/lib/ghpass/guests/demo';
/** The guest is off, and the host as if ghpass had never touched it. */
const OFF = { ...UNTOUCHED, journals: ['definition-demo.jsonl'], definitions: ['demo'] };
const RUNNING = {
  ...UNTOUCHED,
  driver: NVGRACE,
  override: NVGRACE,
  module: true,
  journals: [`${GPU}.jsonl`, 'definition-demo.jsonl', 'guest-demo.jsonl'],
  guests: ['demo'],
  definitions: ['demo'],
};

const pidOf = (host: GraceHost) => Number(readFileSync(host.path('/run/ghpass/demo/qemu.pid'), 'utf8'));

async function json(host: GraceHost, args: string[]) {
  return JSON.parse((await host.run([...args, '--json'])).stdout);
}

/** As after a reboot: what was on /run is gone, and so are processes and bindings; modules are loaded anew. */
function reboot(host: GraceHost): void {
  for (const pid of host.processes().filter((one) => one === pidOf(host))) process.kill(pid, 'SIGKILL');
  for (const name of readdirSync(host.path('/run'))) rmSync(host.path(`/run/${name}`), { recursive: true });
  rmSync(host.path(`/sys/bus/pci/devices/${GPU}/driver`), { force: true });
  writeFileSync(host.path(`/sys/bus/pci/devices/${GPU}/driver_override`), '(null)\n');
  rmSync(host.path(`/sys/bus/pci/drivers/${NVGRACE}`), { recursive: true });
}

describe.skipIf(!canSeeOpenFiles()).concurrent('a guest on a machine with a GH200', { timeout: PATIENCE_MS }, () => {
  test('is created, stopped, started, stopped and deleted; what stays of it stays', async () => {
    const host = graceHost();
    expect(await host.run(CREATE)).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(RUNNING);
    const pid = pidOf(host);
    const mode = (path: string) => (statSync(host.path(path)).mode & 0o777).toString(8);
    expect([mode('/var/lib/ghpass'), mode(LASTING), mode(`${LASTING}/guest.json`)]).toEqual(['711', '711', '600']);
    expect(readdirSync(host.path(LASTING)).sort()).toEqual(['guest.json', 'variables.fd']);
    writeFileSync(host.path(`${LASTING}/variables.fd`), 'BOOT');

    expect(await host.run(['stop', 'demo'])).toMatchObject({ status: 0, stdout: 'demo powered off\n' });
    expect(startTimeOf(pid)).toBeNull();
    expect(stateOf(host)).toEqual(OFF);
    expect(await host.run(['stop', 'demo'])).toMatchObject({ status: 0, stdout: 'demo was off already\n' });
    expect(await host.run(['recover'])).toMatchObject({ status: 0, stdout: 'nothing was left behind\n' });
    expect((await json(host, CREATE)).error).toMatchObject({ code: 'guest.exists' });
    expect((await json(host, ['verify', 'demo'])).error).toMatchObject({ code: 'guest.off', message: 'demo is off' });

    const started = await json(host, ['start', 'demo']);
    expect(started).toMatchObject({
      result: { plan: { name: 'demo', memoryBytes: 2 ** 30 }, guest: { pid: pidOf(host) } },
    });
    expect(stateOf(host)).toEqual(RUNNING);
    expect(readFileSync(host.path(`${LASTING}/variables.fd`), 'utf8')).toBe('BOOT');
    expect((await json(host, ['start', 'demo'])).error).toMatchObject({
      code: 'guest.running',
      message: 'demo cannot be started: it is running',
      suggestions: ['ghpass status demo', 'ghpass stop demo'],
    });

    expect(await host.run(['stop', 'demo', '--force'])).toMatchObject({
      status: 0,
      stdout: 'demo was ended as if its power were cut\n',
    });
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
    expect((await json(host, ['start', 'demo'])).error).toMatchObject({ code: 'guest.unknown' });
  });

  test('of a GPU that is bound already needs no --bind, and the GPU stays bound', async () => {
    const host = graceHost({});
    expect(await host.run(['create-vm', 'demo', '--memory', '1G'])).toMatchObject({ status: 0 });
    expect((await json(host, ['list'])).result.guests).toMatchObject([{ name: 'demo', state: 'running' }]);
    expect(await host.run(['stop', 'demo'])).toMatchObject({ status: 0, stdout: 'demo powered off\n' });
    expect(await host.run(['start', 'demo'])).toMatchObject({ status: 0 });
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toMatchObject({ driver: NVGRACE, journals: [], definitions: [] });
  });

  test('that does not hear the power button goes on: exit status 6, and --force is named', async () => {
    const host = graceHost();
    writeFileSync(host.path('/deaf'), '');
    await host.run(CREATE);
    const stopped = await host.run(['stop', 'demo', '--timeout', '1']);
    expect(stopped).toMatchObject({ status: 6, stdout: '' });
    expect(stopped.stderr).toContain('asking demo to power off, at most 1 s\n');
    expect(stopped.stderr).toContain(
      '✖ demo was asked to power off, and is still there after 1 s\n  Code: guest.not-stopped\n  Try this: ghpass stop demo --force',
    );
    expect(stateOf(host)).toEqual(RUNNING);
    expect(await host.run(['stop', 'demo', '--timeout', '1', '--force'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(OFF);
  });

  test.each([
    { runState: 'paused', state: 'paused' },
    { runState: 'io-error', state: 'failed' },
    { runState: 'guest-panicked', state: 'panicked' },
  ])('whose run state is $runState is $state, and is not asked to power off', async ({ runState, state }) => {
    const host = graceHost();
    await host.run(CREATE);
    writeFileSync(host.path('/run-state'), runState);
    expect((await json(host, ['list'])).result.guests).toMatchObject([{ name: 'demo', state }]);
    const { status, stderr } = await host.run(['stop', 'demo']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining(
        `✖ demo is ${state}: its vCPUs stand still, and would not hear that it is to power off`,
      ),
    });
    expect(stderr).toContain('ghpass stop demo --force   # cuts its power');
    expect(stateOf(host)).toEqual(RUNNING);
    expect(await host.run(['stop', 'demo', '--force'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(OFF);
  });

  test('is listed, and its status names process, GPUs, files and journals', async () => {
    const host = graceHost();
    expect(await host.run(['list'])).toEqual({ status: 0, stdout: 'no guests\n', stderr: '' });
    await host.run(CREATE);
    expect((await host.run(['list'])).stdout).toBe(
      `NAME  BACKEND  STATE    VCPUS  MEMORY  GPUS\ndemo  qemu     running  4      1 GiB   ${GPU}\n`,
    );
    expect((await json(host, ['list'])).result.guests).toEqual([
      {
        name: 'demo',
        backend: 'qemu',
        uri: null,
        vcpus: 4,
        memoryBytes: 2 ** 30,
        gpus: [GPU],
        own: true,
        state: 'running',
        why: null,
      },
    ]);
    const { result } = await json(host, ['status', 'demo']);
    expect(result).toMatchObject({
      gpus: [{ address: GPU, driver: NVGRACE }],
      process: { pid: pidOf(host) },
      journals: ['guest-demo', 'definition-demo', GPU].map((subject) => ({ subject, kept: true })),
      next: ['ghpass attach demo', 'ghpass stop demo'],
    });
    expect(result.process.uptimeSeconds).toBeLessThan(PATIENCE_MS / 1000);
    expect(result.files).toEqual(
      expect.arrayContaining([`${LASTING}/guest.json`, `${LASTING}/variables.fd`, '/run/ghpass/demo/console.log']),
    );
    await host.run(['stop', 'demo']);
    expect((await host.run(['status', 'demo'])).stdout).toMatch(/^demo\n {2}state {4}off\n/);
    expect((await json(host, ['status', 'nobody'])).error).toMatchObject({ code: 'guest.unknown' });
  });

  test('whose QEMU was killed is gone, and starts again', async () => {
    const host = graceHost();
    await host.run(CREATE);
    process.kill(pidOf(host), 'SIGKILL');
    expect((await json(host, ['list'])).result.guests).toMatchObject([{ state: 'gone', why: 'its QEMU has ended' }]);
    expect((await json(host, ['status', 'demo'])).result.next).toEqual([
      'ghpass stop demo   # gives its GPUs back',
      'ghpass start demo',
      'ghpass delete demo',
    ]);
    expect(await host.run(['start', 'demo'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(RUNNING);
    process.kill(pidOf(host), 'SIGKILL');
    expect(await host.run(['stop', 'demo'])).toMatchObject({
      status: 0,
      stdout: 'demo had ended without ghpass; what was left of it is undone\n',
    });
    expect(stateOf(host)).toEqual(OFF);
  });

  test('is gone after a reboot of the host; it starts again, or is deleted, and its GPU is free', async () => {
    const host = graceHost();
    await host.run(CREATE);
    reboot(host);
    expect((await json(host, ['list'])).result.guests).toMatchObject([
      { state: 'gone', why: 'its QEMU has ended with the host' },
    ]);
    expect(await host.run(['start', 'demo'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(RUNNING);
    reboot(host);
    expect(await host.run(['stop', 'demo'])).toMatchObject({ status: 0 });
    expect(await host.run(['bind', GPU])).toMatchObject({ status: 0 });
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0 });
    expect(await host.run(['start', 'demo'])).toMatchObject({ status: 0 });
    reboot(host);
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('of a GPU that somebody else bound leaves it bound', async () => {
    const host = graceHost();
    await host.run(['bind', GPU]);
    await host.run(CREATE);
    await host.run(['stop', 'demo']);
    expect(host.driver()).toBe(NVGRACE);
    await host.run(['delete', 'demo', '--yes']);
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('is deleted without the disk that it did not make, and without a file that somebody put into its directory', async () => {
    const host = graceHost();
    const disk = `${LASTING}/mine.qcow2`;
    const elsewhere = host.path('/disk.raw');
    mkdirSync(host.path('/var/lib/ghpass/guests'), { recursive: true });
    writeFileSync(elsewhere, 'data');
    await host.run([...CREATE, '--disk', elsewhere]);
    writeFileSync(host.path(disk), 'data');
    const refused = await host.run(['delete', 'demo']);
    expect(refused).toMatchObject({ status: 2 });
    expect(refused.stderr).toContain(
      '✖ demo runs: it would be ended without asking it first\n  Code: confirmation-missing\n  Try this: ghpass delete demo --yes',
    );
    const { result } = await json(host, ['delete', 'demo', '--yes']);
    expect(result.stays).toEqual([elsewhere, disk]);
    expect(result.removed).toEqual(
      expect.arrayContaining([
        { kind: 'file', what: `${LASTING}/guest.json` },
        { kind: 'file', what: `${LASTING}/variables.fd` },
        { kind: 'gpu', what: `${GPU} goes back to no driver` },
      ]),
    );
    expect([existsSync(elsewhere), readdirSync(host.path(LASTING))]).toEqual([true, ['mine.qcow2']]);
    expect(stateOf(host)).toMatchObject({ ...UNTOUCHED, definitions: ['demo'] });
  });

  test('whose definition cannot be read is told, and can be deleted; so can one whose journal was lost', async () => {
    const host = graceHost();
    await host.run(CREATE);
    await host.run(['stop', 'demo']);
    const intact = readFileSync(host.path(`${LASTING}/guest.json`), 'utf8');
    writeFileSync(host.path(`${LASTING}/guest.json`), intact.replace('"schemaVersion": 1', '"schemaVersion": 2'));
    const { status, findings } = await json(host, ['list']);
    expect({ status, findings }).toMatchObject({ status: 'warn', findings: [{ id: 'guest.definition-broken' }] });
    expect((await json(host, ['start', 'demo'])).error).toMatchObject({ code: 'guest.definition-broken' });
    rmSync(host.path('/var/lib/ghpass/journal/definition-demo.jsonl'));
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('that was half made is deleted whole', async () => {
    const host = graceHost();
    const running = host.start(CREATE, { env: { FAKE_QEMU_STUCK: '1' } });
    await host.appears('/run/ghpass/demo/qemu.pid');
    expect((await json(host, ['list'])).result.guests).toMatchObject([{ name: 'demo', state: 'busy' }]);
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    expect((await json(host, ['status', 'demo'])).result).toMatchObject({
      guest: { state: 'half-done', why: `ghpass create-vm (process ${running.pid}) was killed` },
      next: ['ghpass recover'],
    });
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('does not start with variables that another firmware made', async () => {
    const host = graceHost();
    await host.run(CREATE);
    await host.run(['stop', 'demo']);
    const firmware = host.path('/firmware.fd');
    writeFileSync(firmware, 'larger EDK2');
    const { error } = await json(host, ['start', 'demo']);
    expect(error).toEqual({
      code: 'firmware.changed',
      message: `${LASTING}/variables.fd is raw with 4 bytes, and the firmware of this host (${firmware}) takes raw with 11 bytes: another firmware made it`,
      suggestions: [
        `mv ${LASTING}/variables.fd ${LASTING}/variables.fd.old   # the guest starts with the firmware's defaults: its boot entries are found anew`,
      ],
    });
    expect(stateOf(host)).toEqual(OFF);
  });

  test('does not start where its disk is gone, and then the host is as before', async () => {
    const host = graceHost();
    const disk = host.path('/disk.raw');
    writeFileSync(disk, 'data');
    await host.run([...CREATE, '--disk', disk]);
    await host.run(['stop', 'demo']);
    rmSync(disk);
    expect((await json(host, ['start', 'demo'])).error).toMatchObject({ code: 'guest.file-unreadable' });
    writeFileSync(disk, 'data');
    const env = { FAKE_QEMU_STUCK: '1' };
    expect(await host.run(['start', 'demo', '--timeout', '1'], { env })).toMatchObject({ status: 6 });
    expect(stateOf(host)).toEqual(OFF);
  });
});
