import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { GhpassError } from '../../src/errors.ts';
import { type VerifyOptions, verifyRunning } from '../../src/guest/proof/verify-running.ts';
import { SYSTEM_URI } from '../../src/host/libvirt/run-virsh.ts';
import { localHost } from '../../src/host/local.ts';
import { negotiating, qmpServer, reply } from '../qemu-process/qmp-server.ts';
import { canRunAgent, startAgent } from './guest-with-agent.ts';
import { planFor } from './plan-for.ts';
import { recordedConsole, recordedReport, reportLine } from './recorded.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A guest of ghpass's own process, by the files that it has. */
async function guest({ console = '', agent = null as string | null, isPortOpen = true, hasQmp = true } = {}) {
  const runtime = temporaryDirectory();
  const directory = join(runtime, 'demo');
  mkdirSync(directory);
  const asText = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
  writeFileSync(join(directory, 'plan.json'), JSON.stringify(await planFor(1), asText));
  writeFileSync(join(directory, 'console.log'), console, 'latin1');
  if (agent !== null) symlinkSync(agent, join(directory, 'agent.sock'));
  const chardevs = [{ label: 'agent0', filename: 'unix', 'frontend-open': isPortOpen }];
  const qmp = await qmpServer(negotiating((command, socket) => reply(socket, command, chardevs)));
  if (hasQmp) symlinkSync(qmp, join(directory, 'qmp.sock'));
  const progress: string[] = [];
  const verify = (via: VerifyOptions['via']) =>
    verifyRunning(localHost(), 'demo', {
      runtime,
      guests: join(runtime, 'no-guests'),
      connect: SYSTEM_URI,
      signal: new AbortController().signal,
      via,
      progress: (line) => progress.push(line),
    });
  return { verify, progress, consoleLog: join(directory, 'console.log') };
}

test.runIf(canRunAgent())('a guest with an agent is asked by it, whatever is on its console', async () => {
  const { socket } = await startAgent(recordedReport('one-gpu'));
  const { verify, progress } = await guest({ agent: socket, console: reportLine({ texts: {}, binaries: {} }) });
  const { via, driver, comparisons, findings } = await verify('auto');
  expect({ via, driver, findings }).toEqual({ via: 'agent', driver: null, findings: [] });
  expect(comparisons.every(({ equal }) => equal)).toBe(true);
  expect(progress).toEqual([]);
});

test('a guest without one is asked by its console, and that is said', async () => {
  const { verify, progress } = await guest({ console: recordedConsole('one-gpu'), isPortOpen: false });
  expect(await verify('auto')).toMatchObject({ via: 'console', findings: [] });
  expect(progress).toEqual(['no guest agent runs in demo: what is on the console is taken']);
});

test('a guest that has ended is asked by what is left on its console', async () => {
  const { verify } = await guest({ console: recordedConsole('one-gpu'), hasQmp: false });
  expect(await verify('auto')).toMatchObject({ via: 'console' });
});

test.runIf(canRunAgent())('an agent that is forbidden to read files gives way to the console', async () => {
  const { socket } = await startAgent(recordedReport('one-gpu'), { args: ['--block-rpcs=guest-file-open'] });
  const { verify, progress } = await guest({ agent: socket, console: recordedConsole('one-gpu') });
  expect(await verify('auto')).toMatchObject({ via: 'console' });
  expect(progress).toEqual(['the guest agent does not allow guest-file-open: what is on the console is taken']);
});

test('where neither answers, both are named', async () => {
  const { verify, consoleLog } = await guest({ isPortOpen: false });
  await expect(verify('auto')).rejects.toMatchObject({
    code: 'guest.no-report',
    message: `demo has not reported on its console (${consoleLog}), and its agent could not be asked: no guest agent runs in demo`,
  } satisfies Partial<GhpassError>);
});

test('who wants the agent gets no other answer', async () => {
  const { verify } = await guest({ console: recordedConsole('one-gpu'), isPortOpen: false });
  await expect(verify('agent')).rejects.toMatchObject({ code: 'agent.absent', message: 'no guest agent runs in demo' });
});

test('messages of the last boot count, and are searched on the console where the report has none', async () => {
  const lost = '[    0.000000] ACPI: SRAT: Too many proximity domains.\n';
  const boot = '[    0.000000] Booting Linux on physical CPU 0x0000000000\n';
  const before = await guest({ console: `${boot}${lost}${boot}${reportLine(recordedReport('one-gpu'))}` });
  expect((await before.verify('console')).findings).toEqual([]);
  const now = await guest({ console: `${boot}${lost}${reportLine(recordedReport('one-gpu'))}` });
  expect((await now.verify('console')).findings.map(({ id }) => id)).toEqual(['guest.nodes-lost']);
});

/** Files of a driver that has put the memory of the recorded guest's GPU online, on node 2 (proximity domain 5). */
const DRIVER = {
  '/proc/modules': 'nvidia_uvm 4194304 0 - Live 0x0\nnvidia 12345678 1 nvidia_uvm, Live 0x0\n',
  '/proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  595.45.04  Release Build\n',
  '/sys/devices/system/node/node2/meminfo': 'Node 2 MemTotal: 4194304 kB\n',
};

test("memory that NVIDIA's driver added is the GPU's own, and no difference from the plan", async () => {
  const report = recordedReport('one-gpu');
  Object.assign(report.texts, DRIVER);
  const { verify } = await guest({ console: reportLine(report) });
  const { comparisons, findings, driver } = await verify('console');
  expect(comparisons.every(({ equal }) => equal)).toBe(true);
  expect(driver).toMatchObject({ version: '595.45.04', gpus: [{ nodes: [{ node: 2, proximityDomain: 5 }] }] });
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([['guest.online', 'info']]);
});

test.each([
  [true, []],
  [false, ['guest.busmaster']],
])('Bus Master of a GPU that the driver has is %s', async (isOn, ids) => {
  const report = recordedReport('one-gpu');
  const [{ guestAddress } = { guestAddress: '' }] = (await planFor(1)).gpus;
  Object.assign(report.texts, DRIVER);
  report.binaries[`/sys/bus/pci/devices/${guestAddress}/config`] = `de104223${isOn ? '0600' : '0200'}1000`;
  const { verify } = await guest({ console: reportLine(report) });
  const { findings } = await verify('console');
  expect(findings.map(({ id }) => id).filter((id) => id !== 'guest.online')).toEqual(ids);
});
