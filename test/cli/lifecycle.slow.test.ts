import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { startTimeOf } from '../../src/guest/journal/process-identity.ts';
import type { SyntheticGpu } from '../../src/host/builtin/synthesize.ts';
import { localFiles } from '../../src/host/local-files.ts';
import { readCpuSettings } from '../../src/host/numa/cpus.ts';
import { canHaveOwnMounts, GPU, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** Node takes its time on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const temporaryDirectory = temporaryDirectories();
const graceHost = (gpu?: Partial<SyntheticGpu>) => graceHostIn(temporaryDirectory(), gpu);

beforeAll(() => {
  installedPackage();
});

const NVGRACE = 'nvgrace_gpu_vfio_pci';
const CREATE = ['create-vm', 'demo', '--memory', '1G'];

const BOUND = { ...UNTOUCHED, driver: NVGRACE, override: NVGRACE, module: true };

const BOTH_JOURNALS = ['definition-demo.jsonl', 'guest-demo.jsonl'];

const qemuPid = (host: GraceHost) => Number(readFileSync(host.path('/run/ghpass/demo/qemu.pid'), 'utf8'));
const isRunning = (pid: number) => startTimeOf(pid) !== null;

/** Reads until a file has the text: what is written down before it is done. */
async function untilWritten(host: GraceHost, path: string, text: string): Promise<void> {
  while (!existsSync(host.path(path)) || !readFileSync(host.path(path), 'utf8').includes(text)) await sleep(20);
}

describe.skipIf(!canHaveOwnMounts()).concurrent('on a machine with a GH200', { timeout: PATIENCE_MS }, () => {
  test('bind, bind again, release, release again', async () => {
    const host = graceHost({ driver: null });
    expect(await host.run(['bind', GPU])).toEqual({ status: 0, stdout: `${GPU} is bound\n`, stderr: '' });
    expect(stateOf(host)).toEqual({ ...BOUND, journals: [`${GPU}.jsonl`] });
    expect(await host.run(['bind', GPU])).toMatchObject({ status: 0, stdout: `${GPU} was bound already\n` });
    expect(await host.run(['recover'])).toMatchObject({ status: 0, stdout: 'nothing was left behind\n' });

    const upper = GPU.toUpperCase();
    expect(await host.run(['release', upper])).toEqual({ status: 0, stdout: `${GPU} is as it was\n`, stderr: '' });
    expect(stateOf(host)).toEqual(UNTOUCHED);
    expect(await host.run(['release', GPU])).toMatchObject({ status: 0, stdout: `${GPU} was not held by ghpass\n` });
  });

  test('a GPU of vfio-pci goes back to vfio-pci', async () => {
    const host = graceHost({ driver: 'vfio-pci' });
    await host.run(['bind', GPU]);
    expect(host.driver()).toBe(NVGRACE);
    await host.run(['release', GPU]);
    expect(stateOf(host)).toEqual({ ...UNTOUCHED, driver: 'vfio-pci', override: 'vfio-pci' });
  });

  test('a guest is pinned to the CPUs of its GPU’s socket, of those that ghpass may use', async () => {
    const host = graceHost();
    const [cpu = 0] = readCpuSettings(localFiles).allowed ?? [];
    writeFileSync(host.path('/sys/devices/system/node/node0/cpulist'), `${cpu}\n`);
    const created = await host.run([...CREATE, '--pin', '--json']);
    expect(created).toMatchObject({ status: 0 });
    const { result, findings } = JSON.parse(created.stdout);
    expect(result.plan.pinning).toEqual({ vcpus: Array(4).fill(`${cpu}`), emulator: `${cpu}` });
    expect(findings.map(({ id }: { id: string }) => id)).not.toContain('guest.pinning');
    const status = readFileSync(`/proc/${result.guest.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Cpus_allowed_list:\\s+${cpu}$`, 'm'));
    expect(await host.run(['delete', 'demo', '--yes'])).toMatchObject({ status: 0 });
  });

  test('a guest that cannot be pinned is not started', async () => {
    const host = graceHost();
    rmSync(host.path('/tools/taskset'));
    const { status, stdout } = await host.run([...CREATE, '--pin', '--json']);
    expect(status).toBe(5);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'tool.missing', message: 'taskset is not on PATH' });
    expect(stateOf(host)).toMatchObject({ driver: NVGRACE, guests: [], definitions: [], journals: [] });
  });

  test('where the driver refuses the device, everything is as before, and the message has its errno', async () => {
    const host = graceHost({ driver: null });
    const path = `/sys/bus/pci/drivers/${NVGRACE}/bind`;
    const refusal = `{"schema":1,"error":{"step":"driver-bind","errno":62,"path":"${path}"}}`;
    host.beforeTool('ghpass-vfio', `case $1 in bind) echo '${refusal}'; exit ;; esac`);
    const { status, stdout } = await host.run(['bind', GPU, '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'c2c.not-ready',
      message: expect.stringMatching(
        new RegExp(
          `^${GPU}: writing to ${path} failed with ETIME \\(62\\) after \\d+ s: the C2C link or the memory training was not ready$`,
        ),
      ),
      suggestions: [
        `ghpass bind ${GPU}   # once more: the link may train late`,
        `echo 1 > /sys/bus/pci/devices/${GPU}/reset`,
        'power-cycle the host, if neither helps',
        `dmesg | grep -e ${GPU} -e nvgrace`,
      ],
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('what a killed bind left is reported first, and recover undoes it', async () => {
    const host = graceHost({ driver: null });
    host.beforeTool('ghpass-vfio', 'case $1 in bind) echo $$ > $GRACE_ROOT/helper.pid; exec sleep 60 ;; esac');
    const running = host.start(['bind', GPU]);
    await untilWritten(host, '/helper.pid', '\n');
    process.kill(running.pid, 'SIGKILL');
    process.kill(Number(readFileSync(host.path('/helper.pid'), 'utf8')));
    await running.ended;
    expect(stateOf(host)).toEqual({
      ...UNTOUCHED,
      override: NVGRACE,
      module: true,
      journals: [`${GPU}.1.lock`, `${GPU}.jsonl`],
    });

    const { status, stdout } = await host.run(['bind', GPU, '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'journal.open',
      message: `ghpass bind (process ${running.pid}) ended without putting ${GPU} back`,
      suggestions: ['ghpass recover'],
    });

    const recovered = await host.run(['recover']);
    expect(recovered).toEqual({ status: 0, stdout: `${GPU}: what ghpass bind had changed is undone\n`, stderr: '' });
    expect(stateOf(host)).toEqual(UNTOUCHED);
    expect(await host.run(['recover'])).toMatchObject({ status: 0, stdout: 'nothing was left behind\n' });
  });

  test('a guest is created, is not created twice, and is deleted', async () => {
    const host = graceHost();
    const created = await host.run(CREATE);
    const pid = qemuPid(host);
    const directory = '/run/ghpass/demo';
    expect(created.status).toBe(0);
    expect(created.stdout).toBe(
      `demo runs: process ${pid}, console ${directory}/console.sock, QMP ${directory}/qmp.sock\n`,
    );
    expect(stateOf(host)).toMatchObject({
      driver: NVGRACE,
      guests: ['demo'],
      definitions: ['demo'],
      journals: BOTH_JOURNALS,
    });
    expect(await host.run(['recover'])).toMatchObject({ stdout: 'nothing was left behind\n' });

    const again = await host.run([...CREATE, '--json']);
    expect(again.status).toBe(1);
    expect(JSON.parse(again.stdout).error).toEqual({
      code: 'guest.exists',
      message: expect.stringMatching(/^there is a guest named demo already: \/.*\/definition-demo.jsonl$/),
      suggestions: ['choose another name', 'ghpass status demo', 'ghpass delete demo'],
    });
    expect(isRunning(pid)).toBe(true);

    const deleted = await host.run(['delete', 'demo', '--yes']);
    expect(deleted).toEqual({ status: 0, stdout: 'demo is gone; it had no disks of others\n', stderr: '' });
    expect(isRunning(pid)).toBe(false);
    expect(stateOf(host)).toMatchObject({ driver: NVGRACE, guests: [], definitions: [], journals: [] });
  });

  test('a guest that does not run in time is ended: exit status 6, and nothing is left', async () => {
    const host = graceHost({ driver: null });
    const args = [...CREATE, '--bind', '--timeout', '1', '--json'];
    const { status, stdout } = await host.run(args, { env: { FAKE_QEMU_STUCK: '1' } });
    expect(status, stdout).toBe(6);
    expect(JSON.parse(stdout).error, stdout).toMatchObject({
      code: 'qemu.timeout',
      message: 'the guest does not run after 1 s; QEMU: it said nothing',
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test.each([[[]], [['--json']]])('Ctrl-C while a guest starts puts everything back %j', async (mode) => {
    const host = graceHost({ driver: null });
    const running = host.start([...CREATE, '--bind', ...mode], { env: { FAKE_QEMU_STUCK: '1' } });
    await host.appears('/run/ghpass/demo/qemu.pid');
    const pid = qemuPid(host);
    process.kill(running.pid, 'SIGINT');
    const { status, stdout, stderr } = await running.ended;
    expect(status).toBe(130);
    expect(stderr).toContain('interrupted: cleaning up; once more to leave at once\n');
    if (mode.length > 0)
      expect(JSON.parse(stdout).error).toMatchObject({ code: 'interrupted', message: 'interrupted' });
    else expect(stderr).toMatch(/\n✖ interrupted\n {2}Code: interrupted\n$/);
    expect(isRunning(pid)).toBe(false);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('the second Ctrl-C leaves at once, and recover does what is left', async () => {
    const host = graceHost({ driver: null });
    const deaf = `trap '' TERM; echo $$ > $GRACE_ROOT/qemu.pid; while :; do sleep 0.1; done`;
    const qemu = readFileSync(host.path('/tools/qemu-system-aarch64'), 'utf8').split('\n')[1];
    host.replaceTool('qemu-system-aarch64', `case "$*" in *-pidfile*) ${deaf} ;; *) ${qemu} ;; esac`);
    const running = host.start([...CREATE, '--bind']);
    await untilWritten(host, '/qemu.pid', '\n');
    process.kill(running.pid, 'SIGINT');
    while (!running.stderr().includes('cleaning up')) await sleep(20);
    process.kill(running.pid, 'SIGINT');
    expect((await running.ended).status).toBe(130);
    const pid = Number(readFileSync(host.path('/qemu.pid'), 'utf8'));
    expect(isRunning(pid)).toBe(true);
    expect((await host.run(['recover'])).status).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('a ghpass that is killed leaves a guest that recover ends', async () => {
    const host = graceHost({ driver: null });
    const running = host.start([...CREATE, '--bind'], { env: { FAKE_QEMU_STUCK: '1' } });
    await untilWritten(host, '/run/ghpass/demo/qemu.pid', '\n');
    const pid = qemuPid(host);
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    expect(isRunning(pid)).toBe(true);
    const recovered = await host.run(['recover']);
    expect(recovered.stdout.split('\n').sort()).toEqual([
      '',
      `${GPU}: what ghpass create-vm had changed is undone`,
      'definition-demo: what ghpass create-vm had changed is undone',
      'guest-demo: what ghpass create-vm had changed is undone',
    ]);
    expect(isRunning(pid)).toBe(false);
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });

  test('a QEMU that refuses its arguments is quoted, and nothing is left', async () => {
    const host = graceHost({ driver: null });
    const qemu = readFileSync(host.path('/tools/qemu-system-aarch64'), 'utf8').split('\n')[1];
    const refuse = 'echo "qemu-system-aarch64: -device vfio-pci: group 12 is not viable" >&2; exit 1';
    host.replaceTool('qemu-system-aarch64', `case "$*" in *-pidfile*) ${refuse} ;; *) ${qemu} ;; esac`);
    const { status, stdout } = await host.run([...CREATE, '--bind', '--json']);
    expect(status).toBe(5);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'qemu.exited',
      message:
        'QEMU ended before the guest ran (status 1): qemu-system-aarch64: -device vfio-pci: group 12 is not viable',
    });
    expect(stateOf(host)).toEqual(UNTOUCHED);
  });
});
