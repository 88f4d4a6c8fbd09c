import { GhpassError } from '../../errors.ts';
import { memoryFiles } from '../../host/memory-files.ts';
import { parseNumberList } from '../../host/numa/number-list.ts';
import { AgentSocket } from '../../qemu/agent-socket.ts';
import type { AgentChannel } from '../../qemu/guest-agent.ts';
import { Qmp } from '../../qemu/qmp.ts';
import type { KnownGuest, ProcessGuest } from '../life/find-guest.ts';
import { readAgentFiles, readAgentKernelLog, requireFileCommands } from './agent-files.ts';
import { type GuestFacts, readGuestFacts, unreadable } from './guest-facts.ts';

/** An agent that is there answers in milliseconds; in a guest that is emulated by an emulated host, in a second or two. */
const ANSWER_SECONDS = 15;

/** More than any guest has: the lists are the guest's word. */
const MAX_NODES = 1024;
const MAX_FUNCTIONS = 1024;

const NODES = '/sys/devices/system/node';
const PCI_LIST = '/proc/bus/pci/devices';
const FIXED = [
  '/sys/firmware/acpi/tables/SRAT',
  ...['possible', 'online', 'has_generic_initiator'].map((name) => `${NODES}/${name}`),
  PCI_LIST,
  '/proc/iomem',
  '/proc/modules',
  '/proc/driver/nvidia/version',
  '/proc/driver/nvidia/params',
  '/sys/devices/system/memory/auto_online_blocks',
];
/** Where a kernel's messages are that cannot be had from the kernel itself; several programs write one or the other. */
const LOG_FILES = ['/var/log/dmesg', '/var/log/kern.log', '/var/log/messages'];

/**
 * Asks the agent of a guest for the files that tell what it sees. The agent is given nothing but paths to read.
 * @throws GhpassError `agent.absent` where no agent runs, `agent.files-blocked`, `agent.silent`, `agent.closed`,
 * `agent.garbage`, `guest.report-broken`, and of a domain those of `Virsh`.
 */
export async function askAgent(guest: KnownGuest, signal: AbortSignal): Promise<GuestFacts> {
  const agent = guest.backend === 'qemu' ? await openProcessAgent(guest, signal) : await openDomainAgent(guest, signal);
  try {
    await requireFileCommands(agent);
    return await readFactsByAgent(agent);
  } finally {
    agent.close();
  }
}

/** What a guest sees, by the paths where that is: the agent lists no directories. */
export async function readFactsByAgent(agent: AgentChannel): Promise<GuestFacts> {
  const fixed = await readAgentFiles(agent, FIXED);
  const contents = new Map([...fixed, ...(await readAgentFiles(agent, pathsThatFollow(fixed)))]);
  const kernelLog = (await readAgentKernelLog(agent)) ?? (await readLogFiles(agent));
  try {
    const facts = readGuestFacts(memoryFiles({ files: Object.fromEntries(contents), links: {} }));
    return { ...facts, kernelLog };
  } catch (error) {
    throw unreadable('files', error as Error);
  }
}

/** Files of each node and of each PCI function, which lists name. */
function pathsThatFollow(files: ReadonlyMap<string, Uint8Array>): string[] {
  const text = (path: string) => Buffer.from(files.get(path) ?? []).toString();
  const nodes = parseNumberList(text(`${NODES}/online`).trim()) ?? [];
  const functions = [...text(PCI_LIST).matchAll(/^([0-9a-f]{2})([0-9a-f]{2})\t/gm)].slice(0, MAX_FUNCTIONS);
  return [
    ...nodes
      .slice(0, MAX_NODES)
      .flatMap((id) => ['cpulist', 'distance', 'meminfo'].map((name) => `${NODES}/node${id}/${name}`)),
    ...functions.flatMap(([, bus = '', devfn = '']) =>
      ['vendor', 'device', 'resource', 'numa_node', 'config'].map(
        (name) => `/sys/bus/pci/devices/${addressOf(bus, devfn)}/${name}`,
      ),
    ),
  ];
}

/** The list has no PCI domain; a guest of ghpass has one, which is 0 (drivers/pci/proc.c, show_device). */
function addressOf(bus: string, devfn: string): string {
  const number = Number.parseInt(devfn, 16);
  return `0000:${bus}:${(number >> 3).toString(16).padStart(2, '0')}.${number & 7}`;
}

async function readLogFiles(agent: AgentChannel): Promise<string | null> {
  const logs = await readAgentFiles(agent, LOG_FILES);
  return logs.size === 0 ? null : [...logs.values()].map((bytes) => Buffer.from(bytes).toString()).join('\n');
}

async function openDomainAgent(guest: { name: string; uri: string }, signal: AbortSignal): Promise<AgentChannel> {
  const { Virsh } = await import('../../libvirt/virsh.ts');
  const { DomainAgent } = await import('../../libvirt/agent.ts');
  return new DomainAgent(new Virsh(guest.uri, { signal }), guest.name, ANSWER_SECONDS);
}

async function openProcessAgent({ name, files }: ProcessGuest, signal: AbortSignal): Promise<AgentChannel> {
  try {
    await requireOpenPort(name, files.qmpSocket, signal);
    return await AgentSocket.open(files.agentSocket, { signal, deadlineMs: ANSWER_SECONDS * 1000 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error;
    throw absent(`${name} does not run, or was started without a port for its agent`, error);
  }
}

/** QEMU takes connections for a port that nobody in the guest has opened, and says so only here. */
async function requireOpenPort(name: string, qmpSocket: string, signal: AbortSignal): Promise<void> {
  const qmp = await Qmp.open(qmpSocket, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_SECONDS * 1000)]));
  const devices = await qmp.execute('query-chardev').finally(() => qmp.close());
  const port = (devices as { label?: string; 'frontend-open'?: boolean }[]).find(({ label }) => label === 'agent0');
  if (port?.['frontend-open'] !== true) throw absent(`no guest agent runs in ${name}`);
}

function absent(message: string, cause?: unknown): GhpassError {
  return new GhpassError('tool', {
    code: 'agent.absent',
    message,
    suggestions: ['in the guest: apt-get install qemu-guest-agent   # or dnf install qemu-guest-agent'],
    cause,
  });
}
