import { GhpassError } from '../errors.ts';
import { type AgentAnswer, type AgentChannel, type AgentCommand, parseAgentAnswer } from '../qemu/guest-agent.ts';
import type { Virsh } from './virsh.ts';

/** A virsh takes its commands as one argument, of which Linux allows 128 KiB (MAX_ARG_STRLEN). */
const COMMANDS_AT_ONCE = 48;
const PING = JSON.stringify({ execute: 'guest-ping' } satisfies AgentCommand);

/** libvirt's words where no agent can be asked (src/qemu/qemu_domain.c, qemuDomainAgentAvailable). */
const ABSENT = /guest agent is not (?:connected|configured|available)|domain is not running/i;
/** Of qemuAgentSend and qemuAgentGuestSync, where it does not answer (src/qemu/qemu_agent.c). */
const SILENT = /guest agent is not responding|guest agent (?:command )?timed out|Guest agent not available for now/i;
const REFUSED = /unable to execute QEMU agent command '[^']*': (.*)$/;

/** The agent of a domain, which libvirt is connected to and passes commands on to. */
export class DomainAgent implements AgentChannel {
  constructor(
    private readonly virsh: Virsh,
    private readonly name: string,
    private readonly timeoutSeconds: number,
  ) {}

  async ask(commands: readonly AgentCommand[]): Promise<AgentAnswer[]> {
    if (commands.length === 1) return [await this.askOne(JSON.stringify(commands[0]))];
    const answers: AgentAnswer[] = [];
    for (let at = 0; at < commands.length; at += COMMANDS_AT_ONCE) {
      answers.push(...(await this.askSome(commands.slice(at, at + COMMANDS_AT_ONCE))));
    }
    return answers;
  }

  close(): void {}

  /** What failed was refused by the agent, as long as that is still there afterwards. */
  private async askSome(commands: readonly AgentCommand[]): Promise<AgentAnswer[]> {
    const lines = commands.map((command) => JSON.stringify(command));
    const answers = await this.virsh.agentCommands(this.name, lines, this.timeoutSeconds).catch(asAgentError);
    if (answers.includes(null)) await this.askOne(PING);
    return answers.map((answer) => (answer === null ? { refused: 'not told by libvirt' } : parseAgentAnswer(answer)));
  }

  private async askOne(command: string): Promise<AgentAnswer> {
    try {
      return parseAgentAnswer(await this.virsh.agentCommand(this.name, command, this.timeoutSeconds));
    } catch (error) {
      const refused = error instanceof GhpassError ? REFUSED.exec(error.message)?.[1] : undefined;
      return refused === undefined ? asAgentError(error) : { refused };
    }
  }
}

function asAgentError(error: unknown): never {
  if (!(error instanceof GhpassError)) throw error;
  const { message } = error;
  if (ABSENT.test(message)) throw new GhpassError('tool', { code: 'agent.absent', message, cause: error });
  if (SILENT.test(message) || error.code === 'libvirt.timeout') {
    throw new GhpassError('timeout', { code: 'agent.silent', message, cause: error });
  }
  throw error;
}
