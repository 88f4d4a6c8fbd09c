import { GhpassError } from '../errors.ts';

/** A command of the guest agent (qga/qapi-schema.json). */
export interface AgentCommand {
  execute: string;
  arguments?: Readonly<Record<string, unknown>>;
}

/** What the agent answered: a value, or its own words why there is none. */
export type AgentAnswer = { return: unknown } | { refused: string };

/**
 * A way to the agent of a guest, which answers one command after the other. What it says is the guest's word: nobody vouches
 * for any of it.
 */
export interface AgentChannel {
  /**
   * Gives as many answers as commands, in their order.
   * @throws GhpassError `agent.silent`, `agent.garbage`, `agent.closed`; `agent.absent` where there is none to ask.
   */
  ask(commands: readonly AgentCommand[]): Promise<AgentAnswer[]>;
  close(): void;
}

/** @throws GhpassError `agent.garbage` for a line that is no answer of an agent. */
export function parseAgentAnswer(line: string): AgentAnswer {
  const answer = parseObject(line);
  if (answer !== null && Object.hasOwn(answer, 'return')) return { return: answer.return };
  const { desc } = (answer?.error ?? {}) as { desc?: unknown };
  if (typeof desc === 'string') return { refused: desc };
  throw agentGarbage(line);
}

export function agentGarbage(line: string): GhpassError {
  return new GhpassError('tool', {
    code: 'agent.garbage',
    message: `what answers on the port of the guest agent is none: ${JSON.stringify(line.slice(0, 80))}`,
  });
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}
