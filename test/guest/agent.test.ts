import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { readAgentKernelLog, requireFileCommands } from '../../src/guest/proof/agent-files.ts';
import { readFactsByAgent } from '../../src/guest/proof/ask-agent.ts';
import { compareGuest } from '../../src/guest/proof/verify.ts';
import { AgentSocket } from '../../src/qemu/agent-socket.ts';
import { canRunAgent, startAgent } from './guest-with-agent.ts';
import { planFor } from './plan-for.ts';
import { recordedGuest, recordedReport } from './recorded.ts';

const OPTIONS = { signal: new AbortController().signal, deadlineMs: 5_000 };

const openAgent = async (...args: Parameters<typeof startAgent>) => {
  const { socket } = await startAgent(...args);
  return AgentSocket.open(socket, OPTIONS);
};

/** The recording, with files that the smoke guest's init does not send. */
function reportWith(texts: Record<string, string>) {
  const report = recordedReport('one-gpu');
  return { ...report, texts: { ...report.texts, ...texts } };
}

test.runIf(canRunAgent())('the real agent gives the facts that the guest reports on its console', async () => {
  const agent = await openAgent(recordedReport('one-gpu'));
  await requireFileCommands(agent);
  const facts = await readFactsByAgent(agent);
  agent.close();
  const reported = recordedGuest('one-gpu');
  expect(facts.srat).toEqual(reported.srat);
  expect(facts.numa).toEqual(reported.numa);
  const short = ({ functions }: typeof facts) =>
    functions.map(({ address, vendor, device, bars, numaNode }) => ({ address, vendor, device, bars, numaNode }));
  expect(short(facts)).toEqual(short(reported));
  expect(compareGuest(await planFor(1), facts).filter(({ equal }) => !equal)).toEqual([]);
});

test.runIf(canRunAgent())('it tells of the driver that is loaded, and of the memory that it put online', async () => {
  const agent = await openAgent(
    reportWith({
      '/proc/driver/nvidia/version':
        'NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  570.124.06  Release Build\n',
      '/proc/driver/nvidia/params': 'CoherentGPUMemoryMode: "driver"\n',
      '/sys/devices/system/memory/auto_online_blocks': 'online_movable\n',
      '/proc/iomem': '10000000000-1000fffffff : System RAM (NVIDIA)\n',
      '/dev/kmsg': '6,1,2,-;NVRM: loading\n',
    }),
  );
  const { driver, gpuMemory, kernelLog } = await readFactsByAgent(agent);
  agent.close();
  expect(driver).toEqual({ version: '570.124.06', keepsMemory: true, autoOnline: 'online_movable' });
  expect(gpuMemory).toEqual({ count: 1, ranges: [{ start: 0x10000000000n, end: 0x1000fffffffn }] });
  expect(kernelLog).toBe('6,1,2,-;NVRM: loading\n');
});

test.runIf(canRunAgent())('where the kernel shows no log, the files are read that programs keep of it', async () => {
  const agent = await openAgent(reportWith({ '/var/log/kern.log': 'kernel: one\n', '/var/log/messages': 'two\n' }));
  expect((await readFactsByAgent(agent)).kernelLog).toBe('kernel: one\n\ntwo\n');
  agent.close();
});

test.runIf(canRunAgent() && canReadKernelLog())(
  "the log of a kernel ends with the agent's refusal, and is there",
  async () => {
    const agent = await openAgent(recordedReport('one-gpu'), { realKernelLog: true });
    const log = await readAgentKernelLog(agent);
    agent.close();
    const lines = log?.split('\n') ?? [];
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^(?:\d+,\d+,\d+,|\s)/);
  },
);

test.runIf(canRunAgent())('an agent that may not read files says where that is forbidden', async () => {
  const agent = await openAgent(recordedReport('one-gpu'), { args: ['--block-rpcs=guest-file-open,guest-file-read'] });
  await expect(requireFileCommands(agent)).rejects.toMatchObject({
    code: 'agent.files-blocked',
    message: 'the guest agent does not allow guest-file-open, guest-file-read',
    suggestions: [expect.stringContaining('FILTER_RPC_ARGS')],
  });
  agent.close();
});

test.runIf(canRunAgent())('what another client left behind is not taken for an answer', async () => {
  const { socket } = await startAgent(recordedReport('one-gpu'));
  const other = connect(socket);
  await new Promise<void>((resolve) => other.end('{"execute":"guest-info"}\n{"execute":"guest-in', () => resolve()));
  const agent = await AgentSocket.open(socket, OPTIONS);
  expect(await agent.ask([{ execute: 'guest-ping' }])).toEqual([{ return: {} }]);
  agent.close();
});

test.runIf(canRunAgent())('an agent that hangs is given up after the deadline', async () => {
  const { socket, agent: child } = await startAgent(recordedReport('one-gpu'));
  const agent = await AgentSocket.open(socket, { ...OPTIONS, deadlineMs: 300 });
  child.kill('SIGSTOP');
  await expect(agent.ask([{ execute: 'guest-ping' }])).rejects.toMatchObject({
    code: 'agent.silent',
    kind: 'timeout',
    message: expect.stringMatching(/^the guest agent has not answered for 0 s/),
  });
});

/** The file has a mode, and reading it takes a capability (kernel.dmesg_restrict). */
function canReadKernelLog(): boolean {
  try {
    accessSync('/dev/kmsg', constants.R_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}
