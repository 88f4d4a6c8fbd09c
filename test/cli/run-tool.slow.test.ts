import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { runTool } from '../../src/host/programs/run-tool.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

const temporaryDirectory = temporaryDirectories();

/** A program of the test's own, found behind PATH. */
function tool(script: string) {
  const directory = temporaryDirectory();
  const path = join(directory, 'ghpass-test-tool');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { directory, run: (options = {}) => runTool('ghpass-test-tool', [], { searchAlso: [directory], ...options }) };
}

const isRunning = (pid: string) => existsSync(`/proc/${pid.trim()}`);

test.concurrent('gives status and output, with the messages of the C locale and the input it was given', async () => {
  const { run } = tool('echo "$LC_ALL"; cat; echo complaint >&2; exit 3');
  expect(await run({ input: 'some input\n' })).toEqual({
    status: 3,
    signal: null,
    stdout: 'C\nsome input',
    stderr: 'complaint',
  });
});

test.concurrent('a program that a signal ended has no status', async () => {
  expect(await tool('kill -9 $$').run()).toEqual({ status: null, signal: 'SIGKILL', stdout: '', stderr: '' });
});

test.concurrent('lines are given out while the program runs, and all of them at the end', async () => {
  const { directory, run } = tool(
    'echo first; while [ ! -e "$0.seen" ]; do sleep 0.05; done; echo second; printf third',
  );
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    writeFileSync(join(directory, 'ghpass-test-tool.seen'), '');
  };
  expect((await run({ onLine })).stdout).toBe('first\nsecond\nthird');
  expect(lines).toEqual(['first', 'second', 'third']);
});

test.concurrent('a program that is not there', async () => {
  await expect(runTool('ghpass-no-such-tool', [])).rejects.toMatchObject({
    kind: 'tool',
    code: 'tool.missing',
    message: 'ghpass-no-such-tool is not on PATH',
    suggestions: [],
  });
});

test.each([
  ['cpio', 'apt-get install cpio', 'dnf install cpio'],
  ['modprobe', 'apt-get install kmod', 'dnf install kmod'],
  ['qemu-system-aarch64', 'apt-get install qemu-system-arm', 'dnf install qemu-system-aarch64'],
  ['qemu-system-ppc64', 'apt-get install qemu-system-ppc', 'dnf install qemu-system-ppc'],
  ['virsh', 'apt-get install libvirt-clients', 'dnf install libvirt-client'],
])('%s, where it is not there, is told with the packages that have it', async (command, ...suggestions) => {
  const { PATH } = process.env;
  process.env.PATH = '/nowhere';
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
  await expect(runTool(command, [])).rejects.toMatchObject({
    code: 'tool.missing',
    message: `${command} is not on PATH`,
    suggestions,
  });
});

test.concurrent('a program that may not be started', async () => {
  const path = join(temporaryDirectory(), 'data');
  writeFileSync(path, '');
  await expect(runTool(path, [])).rejects.toMatchObject({
    kind: 'tool',
    code: 'tool.not-started',
    message: expect.stringMatching(new RegExp(`^${path} did not start: .*EACCES`)),
  });
});

test.concurrent('a program that hangs is ended at its deadline', async () => {
  const { directory, run } = tool('echo $$ > "$0.pid"; exec sleep 60');
  await expect(run({ deadlineMs: 500 })).rejects.toMatchObject({
    kind: 'timeout',
    code: 'tool.timeout',
    message: 'ghpass-test-tool gave no answer in 1 s and was ended',
    suggestions: ['dmesg | tail'],
  });
  expect(isRunning(readFileSync(join(directory, 'ghpass-test-tool.pid'), 'utf8'))).toBe(false);
});

test.concurrent('a program that does not listen to SIGTERM is killed', async () => {
  const { directory, run } = tool(`trap '' TERM; echo $$ > "$0.pid"; while :; do sleep 0.1; done`);
  await expect(run({ deadlineMs: 500 })).rejects.toMatchObject({ code: 'tool.timeout' });
  expect(isRunning(readFileSync(join(directory, 'ghpass-test-tool.pid'), 'utf8'))).toBe(false);
});

test.concurrent('a child that outlives the program and keeps its output open keeps nobody waiting', async () => {
  const { directory } = tool('sleep 30 & echo $! > "$0.pid"; exec sleep 30');
  const script = `
    import { runTool } from ${JSON.stringify(join(import.meta.dirname, '../../src/host/programs/run-tool.ts'))};
    await runTool('ghpass-test-tool', [], { deadlineMs: 300, searchAlso: [${JSON.stringify(directory)}] })
      .catch(({ code, message }) => console.log(code, message));`;
  const start = Date.now();
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ]);
  expect(Date.now() - start).toBeLessThan(20_000);
  expect(stdout).toBe('tool.timeout ghpass-test-tool gave no answer in 0 s and was ended\n');
  process.kill(Number(readFileSync(join(directory, 'ghpass-test-tool.pid'), 'utf8')));
}, 30_000);

test.concurrent('a signal ends it, and that is an interrupt', async () => {
  const interrupt = new AbortController();
  const running = tool('exec sleep 60').run({ signal: interrupt.signal });
  interrupt.abort();
  await expect(running).rejects.toMatchObject({ kind: 'interrupted', code: 'interrupted', message: 'interrupted' });
});
