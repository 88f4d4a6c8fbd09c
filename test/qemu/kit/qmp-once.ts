import { text } from 'node:stream/consumers';
import type { QemuCommand } from './qemu-binary.ts';
import { startQemu } from './qemu-process.ts';

/** A QMP command without its id. */
export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/**
 * Builds the machine, asks it all the questions in one go, and ends it. Gives the answers in the order of the questions.
 * Throws a {@link QemuExit} where QEMU refused its arguments, and an Error where a question was not answered.
 * Keep the answers below 64 KiB: what the pipe cannot hold is lost when QEMU quits.
 */
export async function askMachine(
  qemu: QemuCommand,
  qemuArgs: readonly string[],
  questions: readonly QmpCommand[],
): Promise<unknown[]> {
  const { child, ended } = startQemu(qemu, ['-qmp', 'stdio', ...qemuArgs]);
  const commands = [
    { execute: 'qmp_capabilities' },
    ...questions.map((question, id) => ({ ...question, id })),
    { execute: 'quit' },
  ];
  child.stdin.end(commands.map((command) => JSON.stringify(command)).join('\n'));
  const [output, end] = await Promise.all([text(child.stdout), ended]);
  if (end.status !== 0) throw end;
  const answers = new Map<number, unknown>();
  for (const line of output.trim().split('\n')) {
    const { id, return: value, error } = JSON.parse(line);
    if (error) throw new Error(`QMP: ${error.desc}`);
    if (id !== undefined) answers.set(id, value);
  }
  return questions.map((question, id) => {
    if (!answers.has(id)) throw new Error(`QMP: ${question.execute} was not answered`);
    return answers.get(id);
  });
}
