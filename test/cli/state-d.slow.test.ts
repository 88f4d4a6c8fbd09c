import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, type TestContext, test } from 'vitest';
import { stateOf as processState, startTimeOf } from '../../src/guest/journal/process-identity.ts';
import { AbandonedChildError, runTool } from '../../src/host/programs/run-tool.ts';
import { type StateD, stateD, untilGone } from '../fixtures/state-d.ts';
import { canHaveOwnMounts, GPU, graceHostIn } from './kit/grace-host.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

/** The driver gets 40 s, and the child 4 s more to die. */
const PATIENCE_MS = 180_000;
const NVGRACE = 'nvgrace_gpu_vfio_pci';

const temporaryDirectory = temporaryDirectories();

beforeAll(() => {
  installedPackage();
});

/** A program in state D; the test is skipped where this machine cannot have one. */
function hanging(context: TestContext): StateD {
  const program = stateD(temporaryDirectory());
  if ('impossible' in program) return context.skip(program.impossible);
  onTestFinished(program.wake);
  return program;
}

test('a child in state D outlives SIGTERM and SIGKILL, is left behind, and keeps nobody waiting', async (context) => {
  const { script, wake } = hanging(context);
  const directory = temporaryDirectory();
  const path = join(directory, 'ghpass-test-hang');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  const start = Date.now();
  const error: unknown = await runTool('ghpass-test-hang', [], { deadlineMs: 1000, searchAlso: [directory] }).catch(
    (thrown) => thrown,
  );
  expect(Date.now() - start).toBeLessThan(15_000);
  if (!(error instanceof AbandonedChildError)) throw error;
  expect(error).toMatchObject({
    kind: 'timeout',
    code: 'tool.timeout',
    message: `ghpass-test-hang gave no answer in 1 s and was left behind: process ${error.pid} does not die (uninterruptible, state D)`,
    suggestions: [`cat /proc/${error.pid}/stack`, 'dmesg | tail', 'reboot the host'],
  });
  expect(processState(error.pid)).toBe('D');
  wake();
  await untilGone(error.pid);
});

test('a driver that hangs in its probe is told of, and recover waits for it', {
  timeout: PATIENCE_MS,
}, async (context) => {
  if (!canHaveOwnMounts()) return context.skip('this machine gives no process mounts of its own');
  const { script, wake } = hanging(context);
  const host = graceHostIn(temporaryDirectory(), { driver: null });
  host.beforeTool('ghpass-vfio', `case $1 in bind) ${script} ;; esac`);

  const { status, stdout } = await host.run(['bind', GPU, '--json']);
  expect(status).toBe(6);
  const { error } = JSON.parse(stdout);
  const [, pid = ''] = /process (\d+) waits for it in the kernel/.exec(error.message) ?? [];
  expect(processState(Number(pid))).toBe('D');
  expect(error).toMatchObject({
    code: 'driver.bind-hang',
    message: expect.stringMatching(
      new RegExp(
        `^binding ${GPU} to ${NVGRACE}: ${NVGRACE} has not answered for 4\\d s; process ${pid} waits for it in the kernel, where no signal reaches it, and is left behind`,
      ),
    ),
  });
  expect(error.suggestions).toContain(`cat /proc/${pid}/stack   # where it hangs`);
  expect(stateOf(host)).toMatchObject({ override: NVGRACE, journals: [`${GPU}.jsonl`] });

  const early = await host.run(['recover', '--json']);
  expect(early.status).toBe(6);
  expect(JSON.parse(early.stdout).error).toMatchObject({
    code: 'undo.process-left',
    message: expect.stringMatching(
      new RegExp(
        `^${GPU} could not be put back: ${GPU}: process ${pid} \\(.*state-d.*\\), which ghpass started, is still at work, in state D; `,
      ),
    ),
  });
  expect(existsSync(`/proc/${pid}`)).toBe(true);

  wake();
  await untilGone(Number(pid));
  expect(await host.run(['recover'])).toMatchObject({ status: 0 });
  expect(stateOf(host)).toEqual(UNTOUCHED);
});

/** As where the lock of the device is held: whoever reads these waits until somebody lets go. */
const WAITING = ['driver_override', 'sriov_numvfs'];

test.each(['probe', 'doctor'])(
  'while a child hangs in the driver, %s tells of the GPU and does not hang as well',
  {
    timeout: PATIENCE_MS,
  },
  async (command) => {
    const host = graceHostIn(temporaryDirectory(), { driver: null });
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    const { pid = 0 } = child;
    const owner = { kind: 'owner', pid: 2 ** 22 + 1, startTime: '1', command: 'ghpass bind', mark: 'm', partOf: null };
    const abandoned = { kind: 'abandoned', pid, startTime: startTimeOf(pid), what: 'binding' };
    mkdirSync(host.path('/var/lib/ghpass/journal'), { recursive: true });
    const lines = [owner, abandoned].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(host.path(`/var/lib/ghpass/journal/${GPU}.jsonl`), lines.join(''));
    for (const name of WAITING) {
      const path = host.path(`/sys/bus/pci/devices/${GPU}/${name}`);
      rmSync(path, { force: true });
      execFileSync('mkfifo', [path]);
    }
    const { stdout } = await host.run([command, '--json', ...(command === 'probe' ? ['--no-open'] : [])]);
    const { findings } = JSON.parse(stdout) as { findings: { id: string; subject: string }[] };
    expect(findings).toContainEqual(expect.objectContaining({ id: 'undo.partial', subject: GPU }));
  },
);
