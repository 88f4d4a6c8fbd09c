import { GhpassError } from '../../errors.ts';
import type { AgentAnswer, AgentChannel, AgentCommand } from '../../qemu/guest-agent.ts';

/** As many as are open in the guest at once, of the 1024 that a process may have. */
const FILES_AT_ONCE = 48;
/** Larger than any file of sysfs; with libvirt an answer may have 10 MiB (src/qemu/qemu_agent.c). */
const MAX_READ_BYTES = 256 << 10;
/** Of the kernel's log, what is behind the last whole piece is lost at the end: the agent says "try again" instead. */
const KMSG_READ_BYTES = 512;
const KMSG_READS_AT_ONCE = 32;
/** Twice the log of a kernel that was given more than the default (CONFIG_LOG_BUF_SHIFT is 17 to 18 in distributions). */
const MAX_KMSG_BYTES = 1 << 20;

/** Commands that reading takes; no other is ever sent. */
const NEEDED = ['guest-file-open', 'guest-file-read', 'guest-file-close'];

/**
 * Whether the agent may read files: distributions forbid it, and then it says so here.
 * @throws GhpassError `agent.files-blocked` with where it is allowed; those of {@link AgentChannel.ask}.
 */
export async function requireFileCommands(agent: AgentChannel): Promise<void> {
  const [info] = await agent.ask([{ execute: 'guest-info' }]);
  const known =
    info && 'return' in info ? (info.return as { supported_commands?: unknown } | null)?.supported_commands : [];
  const commands = Array.isArray(known) ? (known as { name?: unknown; enabled?: unknown }[]) : [];
  const blocked = NEEDED.filter((name) => !commands.some((one) => one?.name === name && one.enabled === true));
  if (blocked.length === 0) return;
  throw new GhpassError('tool', {
    code: 'agent.files-blocked',
    message: `the guest agent does not allow ${blocked.join(', ')}`,
    suggestions: [
      'in the guest: take them out of FILTER_RPC_ARGS or BLACKLIST_RPC in /etc/sysconfig/qemu-ga, or out of block-rpcs in /etc/qemu/qemu-ga.conf, and restart qemu-guest-agent',
    ],
  });
}

/**
 * Reads files of a guest, each up to {@link MAX_READ_BYTES}.
 * @returns those that are there and can be read.
 */
export async function readAgentFiles(agent: AgentChannel, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (let at = 0; at < paths.length; at += FILES_AT_ONCE) {
    const some = paths.slice(at, at + FILES_AT_ONCE);
    const opened = await open(agent, some);
    const reads = await agent.ask(opened.map(({ handle }) => readCommand(handle, MAX_READ_BYTES)));
    await agent.ask(opened.map(({ handle }) => closeCommand(handle)));
    for (const [i, { path }] of opened.entries()) {
      const bytes = bytesOf(reads[i]);
      if (bytes !== null) contents.set(path, bytes);
    }
  }
  return contents;
}

/** The log of the guest's kernel, or the beginning of it; null where the agent may not read it. */
export async function readAgentKernelLog(agent: AgentChannel): Promise<string | null> {
  const [log] = await open(agent, ['/dev/kmsg']);
  if (log === undefined) return null;
  const pieces: Uint8Array[] = [];
  for (let more = true; more && pieces.length * KMSG_READ_BYTES < MAX_KMSG_BYTES; ) {
    const reads = Array<AgentCommand>(KMSG_READS_AT_ONCE).fill(readCommand(log.handle, KMSG_READ_BYTES));
    const pieceOf = (await agent.ask(reads)).map(bytesOf);
    const last = pieceOf.findIndex((bytes) => bytes === null || bytes.length === 0);
    more = last === -1;
    pieces.push(...pieceOf.slice(0, more ? undefined : last).filter((bytes) => bytes !== null));
  }
  await agent.ask([closeCommand(log.handle)]);
  return Buffer.concat(pieces).toString();
}

async function open(agent: AgentChannel, paths: readonly string[]): Promise<{ path: string; handle: number }[]> {
  const answers = await agent.ask(
    paths.map((path) => ({ execute: 'guest-file-open', arguments: { path, mode: 'r' } })),
  );
  return paths.flatMap((path, i) => {
    const answer = answers[i];
    const handle = answer && 'return' in answer ? answer.return : null;
    return typeof handle === 'number' ? [{ path, handle }] : [];
  });
}

function readCommand(handle: number, count: number): AgentCommand {
  return { execute: 'guest-file-read', arguments: { handle, count } };
}

function closeCommand(handle: number): AgentCommand {
  return { execute: 'guest-file-close', arguments: { handle } };
}

/** Null where the read was refused: a directory, or a log that has no more to say. */
function bytesOf(answer: AgentAnswer | undefined): Uint8Array | null {
  if (answer === undefined || !('return' in answer)) return null;
  const text = (answer.return as { 'buf-b64'?: unknown } | null)?.['buf-b64'];
  return typeof text === 'string' ? new Uint8Array(Buffer.from(text, 'base64')) : null;
}
