import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { GhpassError } from '../errors.ts';
import {
  type AgentAnswer,
  type AgentChannel,
  type AgentCommand,
  agentGarbage,
  parseAgentAnswer,
} from './guest-agent.ts';

/** Far more than what is asked for, a quarter of a MiB in base 64. */
const MAX_LINE_CHARACTERS = 4 << 20;
/** What an agent may say before it answers the first question: what it owed to whoever was connected before. */
const MAX_STALE_CHARACTERS = 16 << 20;
/** No byte of UTF-8: the agent drops what it has read of a command, and puts one before its answer (guest-sync-delimited). */
const SENTINEL = '\u00ff';

interface SocketOptions {
  signal: AbortSignal;
  /** How long each answer may take. */
  deadlineMs: number;
}

/** The agent of a guest at the UNIX socket of its port, which takes one client at a time. */
export class AgentSocket implements AgentChannel {
  private readonly lines: AsyncGenerator<string, never>;

  private constructor(
    private readonly socket: Duplex,
    private readonly options: SocketOptions,
  ) {
    this.lines = readLines(socket);
  }

  /**
   * Connects, and waits until the agent answers to this client: the port keeps what was said to another.
   * @throws the socket's error (ENOENT, ECONNREFUSED) where nobody listens, and those of {@link ask}.
   */
  static async open(path: string, options: SocketOptions): Promise<AgentSocket> {
    const socket = connect(path);
    try {
      await once(socket, 'connect', { signal: options.signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return AgentSocket.over(socket, options);
  }

  /** As {@link open}, on a connection that is made. */
  static async over(socket: Duplex, options: SocketOptions): Promise<AgentSocket> {
    const agent = new AgentSocket(socket.setEncoding('latin1'), options);
    await agent.synchronize();
    return agent;
  }

  async ask(commands: readonly AgentCommand[]): Promise<AgentAnswer[]> {
    const answers: AgentAnswer[] = [];
    for (const command of commands) {
      answers.push(await this.withinDeadline(() => this.askOne(command)));
    }
    return answers;
  }

  close(): void {
    this.socket.destroy();
  }

  private async askOne(command: AgentCommand): Promise<AgentAnswer> {
    this.socket.write(`${JSON.stringify(command)}\n`);
    const { value } = await this.lines.next();
    return parseAgentAnswer(decode(value));
  }

  private synchronize(): Promise<void> {
    const id = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    return this.withinDeadline(async () => {
      const command = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } });
      this.socket.write(Buffer.from(`${SENTINEL}${command}\n`, 'latin1'));
      for (let stale = 0; stale < MAX_STALE_CHARACTERS; ) {
        const { value } = await this.lines.next();
        stale += value.length + 1;
        const [, ...delimited] = value.split(SENTINEL);
        const answer = delimited.at(-1);
        if (answer !== undefined && isAnswerTo(id, answer)) return;
      }
      throw agentGarbage('');
    });
  }

  /** The connection is of no use after a deadline: the answer may yet come, and would be taken for that of another question. */
  private async withinDeadline<T>(action: () => Promise<T>): Promise<T> {
    const { signal, deadlineMs } = this.options;
    signal.throwIfAborted();
    const giveUp = (reason: Error) => this.socket.destroy(reason);
    const timer = setTimeout(() => giveUp(silent(deadlineMs)), deadlineMs);
    const onAbort = () => giveUp(signal.reason);
    signal.addEventListener('abort', onAbort);
    try {
      return await action();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

/** Lines in latin1, where each character is a byte. @throws what the stream was destroyed with, or GhpassError. */
async function* readLines(stream: Duplex): AsyncGenerator<string, never> {
  let unfinished = '';
  try {
    for await (const text of stream) {
      const [end = '', ...lines] = (text as string).split('\n');
      unfinished += end;
      for (const line of lines) {
        yield unfinished;
        unfinished = line;
      }
      if (unfinished.length > MAX_LINE_CHARACTERS) throw agentGarbage(unfinished);
    }
  } catch (error) {
    throw error instanceof GhpassError ? error : closed(error);
  }
  throw closed();
}

function isAnswerTo(id: number, line: string): boolean {
  const answer = parseAgentAnswer(decode(line));
  return 'return' in answer && answer.return === id;
}

function decode(line: string): string {
  return Buffer.from(line, 'latin1').toString();
}

function silent(deadlineMs: number): GhpassError {
  return new GhpassError('timeout', {
    code: 'agent.silent',
    message: `the guest agent has not answered for ${Math.round(deadlineMs / 1000)} s: it hangs, or another client is connected to its port`,
  });
}

function closed(cause?: unknown): GhpassError {
  return new GhpassError('tool', { code: 'agent.closed', message: 'the port of the guest agent was closed', cause });
}
