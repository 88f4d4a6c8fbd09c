import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type Report, recordedGuest } from './recorded.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const OWN_MOUNTS = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

/** Whether the real agent can be run below a root of its own here. */
export function canRunAgent(): boolean {
  return spawnSync('unshare', [...OWN_MOUNTS, 'qemu-ga', '--version']).status === 0;
}

export interface AgentOptions {
  /** Further arguments of qemu-ga. */
  args?: readonly string[];
  /** Instead of a file of that name, the log of the kernel that runs here. */
  realKernelLog?: boolean;
}

/** A guest that consists of its files and of the real agent, which sees no others, at a UNIX socket as QEMU's port is one. */
export interface GuestWithAgent {
  socket: string;
  agent: ChildProcess;
}

/** Starts the agent in a guest that was recorded; it ends with the test. */
export async function startAgent(report: Report, options: AgentOptions = {}): Promise<GuestWithAgent> {
  const root = temporaryDirectory();
  for (const name of ['usr', 'dev', 'run']) mkdirSync(join(root, name));
  const write = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  for (const [path, text] of Object.entries(report.texts)) write(path, text);
  for (const [path, hex] of Object.entries(report.binaries)) write(path, Buffer.from(hex, 'hex'));
  write('/proc/bus/pci/devices', listOfFunctions());
  if (options.realKernelLog) write('/dev/kmsg', '');
  const script = [
    'mount --rbind /usr "$1/usr"',
    'for link in bin sbin lib lib64; do ln -s "usr/$link" "$1/$link"; done',
    ...(options.realKernelLog ? ['mount --bind /dev/kmsg "$1/dev/kmsg"'] : []),
    'root=$1; shift',
    'exec chroot "$root" qemu-ga --method=unix-listen --path=/run/agent --statedir=/run --pidfile=/run/pid "$@"',
  ].join('\n');
  const args = [...OWN_MOUNTS, 'sh', '-ec', script, 'sh', root, ...(options.args ?? [])];
  const agent = spawn('unshare', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(agent, 'exit');
  onTestFinished(async () => {
    agent.kill('SIGKILL');
    await ended;
  });
  const socket = join(root, 'run/agent');
  while (!listens(agent.pid ?? 0)) {
    await Promise.race([sleep(20), ended.then(() => Promise.reject(new Error('it ended')))]);
  }
  return { socket, agent };
}

/** Whether a process waits for clients: its socket is there before that, and a client that only tries is one (proc(5), SO_ACCEPTCON). */
function listens(pid: number): boolean {
  const descriptors = `/proc/${pid}/fd`;
  const own = readdirSync(descriptors).map((fd) => {
    try {
      return readlinkSync(join(descriptors, fd));
    } catch {
      return null;
    }
  });
  const sockets = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .map((line) => line.split(/\s+/));
  return sockets.some(([, , , flags, , , inode]) => flags === '00010000' && own.includes(`socket:[${inode}]`));
}

/** The kernel's list of functions, of which the recording has only what sysfs says (drivers/pci/proc.c, show_device). */
function listOfFunctions(): string {
  const { functions } = recordedGuest('one-gpu');
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0');
  return functions
    .map(({ address, vendor, device }) => {
      const [, bus = '', slot = '', fn = ''] = /^0000:(..):(..)\.(.)$/.exec(address) ?? [];
      const devfn = (Number.parseInt(slot, 16) << 3) | Number(fn);
      return `${bus}${hex(devfn, 2)}\t${hex(vendor, 4)}${hex(device, 4)}\t0\t               0\n`;
    })
    .join('');
}
