import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { pinningFindings } from '../../src/guest/life/pinning-findings.ts';
import { localFiles } from '../../src/host/local-files.ts';
import { readCpuSettings } from '../../src/host/numa/cpus.ts';
import { formatNumberList } from '../../src/host/numa/number-list.ts';
import { pinThreads, requirePinning } from '../../src/qemu/pin-threads.ts';
import { startQemu, stopQemu, waitUntilRunning } from '../../src/qemu/process.ts';
import { findQemu, type QemuCommand } from '../qemu/kit/qemu-binary.ts';

/** The first run may have to fetch and unpack a QEMU. */
const FETCH_MS = 600_000;
const PATIENCE_MS = 60_000;

/** CPUs of this machine that the tests may use: all of them, the first, and the last. */
const cpus = readCpuSettings(localFiles).allowed ?? [];
const [all, first, last] = [cpus, cpus.slice(0, 1), cpus.slice(-1)].map(formatNumberList) as [string, string, string];
/** No kernel has it. */
const NOWHERE = '8191';

let qemu: QemuCommand;
beforeAll(async () => {
  qemu = await findQemu();
}, FETCH_MS);

/** A guest with two vCPUs that run, under TCG with a thread for each. */
async function running() {
  const directory = mkdtempSync(join(tmpdir(), 'ghpass-pin-'));
  const [socket, log] = [join(directory, 'qmp.sock'), join(directory, 'qemu.log')];
  const machine = ['-M', 'virt', '-accel', 'tcg,thread=multi', '-smp', '2', '-nodefaults', '-display', 'none'];
  const started = startQemu(qemu.command, [...qemu.args, ...machine, '-qmp', `unix:${socket},server=on,wait=off`], log);
  const options = { deadlineMs: PATIENCE_MS, signal: new AbortController().signal, onWait: () => undefined };
  const qmp = await waitUntilRunning(started, socket, log, options);
  onTestFinished(async () => {
    await stopQemu(started, qmp);
    rmSync(directory, { recursive: true });
  });
  const answer = (await qmp.execute('query-cpus-fast')) as { 'thread-id': number }[];
  return { pid: started.pid, qmp, vcpus: answer.map((vcpu) => vcpu['thread-id']) };
}

/** Where each thread may run, as the kernel says. */
function placesOf(pid: number): Map<number, string> {
  const of = (thread: string) => readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
  const listed = (text: string) => /^Cpus_allowed_list:\s+(\S+)$/m.exec(text)?.[1] ?? '';
  return new Map(readdirSync(`/proc/${pid}/task`).map((thread) => [Number(thread), listed(of(thread))]));
}

test('each vCPU runs where it was pinned to, and all other threads where QEMU was', {
  timeout: PATIENCE_MS,
}, async () => {
  const { pid, qmp, vcpus } = await running();
  expect(await pinThreads(pid, qmp, { vcpus: [all, first], emulator: last })).toEqual([]);
  const places = placesOf(pid);
  expect(places.size).toBeGreaterThan(vcpus.length);
  const ofVcpus = vcpus.map((thread) => places.get(thread));
  for (const thread of vcpus) places.delete(thread);
  expect(ofVcpus).toEqual([all, first]);
  expect(new Set(places.values())).toEqual(new Set([last]));
});

test('what the kernel refused is told as it is', { timeout: PATIENCE_MS }, async () => {
  const { pid, qmp } = await running();
  const differences = await pinThreads(pid, qmp, { vcpus: [NOWHERE, NOWHERE], emulator: last });
  expect(differences).toEqual([
    { vcpu: 0, planned: NOWHERE, seen: last },
    { vcpu: 1, planned: NOWHERE, seen: last },
  ]);
  expect(pinningFindings([...differences, { vcpu: null, planned: '0-71', seen: '0-3' }], 'demo')).toEqual(
    [
      `vCPUs 0-1 may run on CPUs ${last}; planned: ${NOWHERE}`,
      "threads of QEMU's own may run on CPUs 0-3; planned: 0-71",
    ].map((message) => ({
      id: 'guest.pinning',
      severity: 'warn',
      subject: 'demo',
      message,
      remedy: ['cat /proc/self/cgroup   # whose cpuset may not have these CPUs'],
      reference: 'sched_setaffinity(2): a cpuset leaves what it has of them',
    })),
  );
});

test('without taskset nothing can be pinned', async () => {
  const { PATH } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = '/nonexistent';
  await expect(requirePinning()).rejects.toMatchObject({
    kind: 'tool',
    code: 'tool.missing',
    message: 'taskset is not on PATH',
  });
});
