import { Duplex } from 'node:stream';
import { GhpassError } from '../../src/errors.ts';
import { readFactsByAgent } from '../../src/guest/proof/ask-agent.ts';
import { writeSrat } from '../../src/host/builtin/srat-writer.ts';
import { AgentSocket } from '../../src/qemu/agent-socket.ts';
import type { AgentCommand } from '../../src/qemu/guest-agent.ts';
import type { FuzzTarget } from '../target.ts';

const MAX_PIECES = 12;
const OPTIONS = { signal: new AbortController().signal, deadlineMs: 10_000 };

/**
 * What the agent of a guest answers. An input that starts as a JSON object has the files of a guest, text by path, whose
 * agent answers as it should; every other is the stream after the first answer, and its first byte says into pieces of which
 * length it is cut.
 */
export const target: FuzzTarget = {
  name: 'guest-agent',
  sources: ['qemu/agent-socket.ts', 'qemu/guest-agent.ts', 'guest/proof/agent-files.ts', 'guest/proof/ask-agent.ts'],
  form: 'json',
  maxBytes: 4096,
  words: ['{"return": 1000}\n', '{"return": {"count": 1, "buf-b64": "AA==", "eof": true}}\n', '\u00ff', '0-8191'],
  seeds: () => [
    Buffer.from(JSON.stringify(FILES)),
    Buffer.from('\u0007{"return": 1000}\n{"return": {"count": 2, "buf-b64": "AAA=", "eof": true}}\n', 'latin1'),
    Buffer.from('\u0040{"error": {"class": "GenericError", "desc": "no"}}\n{"return": null}\n[]\n', 'latin1'),
  ],
  async run(input) {
    const text = Buffer.from(input).toString('latin1');
    const agent = await AgentSocket.over(text.startsWith('{') ? guestOf(text) : streamOf(input), OPTIONS);
    try {
      await readFactsByAgent(agent);
    } catch (error) {
      if (!(error instanceof GhpassError)) throw error;
    }
    agent.close();
  },
};

/** A stream on which each command has its answer, and none where that is undefined. */
function answering(answer: (command: AgentCommand) => unknown, afterwards: (stream: Duplex) => void): Duplex {
  return new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      const command = JSON.parse(chunk.toString('latin1').replace('\u00ff', '')) as AgentCommand;
      const isFirst = command.execute === 'guest-sync-delimited';
      const value = isFirst ? command.arguments?.id : answer(command);
      if (value !== undefined)
        this.push(Buffer.from(`${isFirst ? '\u00ff' : ''}{"return":${JSON.stringify(value)}}\n`, 'latin1'));
      if (isFirst) afterwards(this);
      done();
    },
  });
}

function streamOf(input: Uint8Array): Duplex {
  return answering(
    () => undefined,
    (stream) => {
      const pieceBytes = Math.max(1 + (input[0] ?? 0), Math.ceil(input.length / MAX_PIECES));
      for (let at = 1; at < input.length; at += pieceBytes) stream.push(input.subarray(at, at + pieceBytes));
      stream.push(null);
    },
  );
}

/** A file that is not there has the handle null, which is none. */
function guestOf(text: string): Duplex {
  const files = Object.entries(parseFiles(text));
  return answering(
    ({ execute, arguments: given }) => {
      if (execute === 'guest-file-open') {
        const handle = files.findIndex(([path]) => path === given?.path);
        return handle === -1 ? null : handle;
      }
      const content = files[given?.handle as number]?.[1] ?? '';
      if (typeof content !== 'string') return null;
      return execute === 'guest-file-read' ? { 'buf-b64': Buffer.from(content, 'latin1').toString('base64') } : {};
    },
    () => undefined,
  );
}

function parseFiles(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const NODES = '/sys/devices/system/node';
const DEVICE = '/sys/bus/pci/devices/0000:41:00.0';

/** A guest with one GPU and two nodes, in short. */
const FILES = {
  [`${NODES}/possible`]: '0-1\n',
  [`${NODES}/online`]: '0-1\n',
  [`${NODES}/has_generic_initiator`]: '1\n',
  [`${NODES}/node0/meminfo`]: 'Node 0 MemTotal: 2048 kB\n',
  '/proc/bus/pci/devices': '4100\t10de2342\t0\n',
  [`${DEVICE}/vendor`]: '0x10de\n',
  [`${DEVICE}/resource`]: '0x0000008000000000 0x0000009fffffffff 0x000000000014220c\n',
  '/proc/iomem': '8000000000-9fffffffff : System RAM (NVIDIA)\n',
  '/proc/driver/nvidia/version': 'NVRM version: 570.124.06\n',
  '/sys/firmware/acpi/tables/SRAT': Buffer.from(
    writeSrat({ processors: [0], memory: [], genericInitiators: [{ proximityDomain: 1, segment: 0, bus: 0x41 }] }),
  ).toString('latin1'),
};
