import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { GhpassError } from '../errors.ts';
import { eachLine } from './each-line.ts';

interface Question {
  lines: string[];
  errors: string[];
  resolve(answer: string[]): void;
  reject(error: GhpassError): void;
}

/**
 * One virsh that stays, and answers a command each time: connecting anew takes a hundred times the processor time of asking.
 * It connects again by itself when its daemon comes back (tools/virsh.c, virshReconnect).
 */
export class VirshShell {
  private child: ChildProcessWithoutNullStreams | null = null;
  private question: Question | null = null;
  private count = 0;

  constructor(private readonly uri: string) {}

  get isBusy(): boolean {
    return this.question !== null;
  }

  /**
   * Runs one command, while no other runs.
   * @param command as one types it, without anything that a user gave.
   * @throws GhpassError `libvirt.unreachable` with what virsh said, `libvirt.missing`.
   */
  ask(command: string): Promise<string[]> {
    const child = this.started();
    this.count += 1;
    return new Promise((resolve, reject) => {
      this.question = { lines: [], errors: [], resolve, reject };
      child.stdin.write(`${command}\necho @@${this.count}\n`);
    });
  }

  /** One that does not end, as behind a script whose child it is, ends with its standard input, and is not waited for. */
  close(): void {
    const { child } = this;
    this.child = null;
    if (child === null) return;
    child.stdin.end();
    child.kill();
    for (const output of [child.stdout, child.stderr]) output.destroy();
  }

  private started(): ChildProcessWithoutNullStreams {
    if (this.child) return this.child;
    const child = spawn('virsh', [`--connect=${this.uri}`], { env: { ...process.env, LC_ALL: 'C' } });
    this.child = child;
    child.stdin.on('error', () => undefined);
    eachLine(child.stdout, (line) => this.hear(line));
    eachLine(child.stderr, (line) => this.question?.errors.push(line));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      this.end(
        isMissing ? 'libvirt.missing' : 'libvirt.unreachable',
        isMissing ? 'virsh is not on PATH' : error.message,
      );
    });
    child.once('close', () => this.end('libvirt.unreachable', 'virsh ended'));
    return child;
  }

  /** Where it does not read from a terminal, virsh repeats what it is told behind its prompt. */
  private hear(line: string): void {
    const { question } = this;
    if (question === null) return;
    if (!new RegExp(`^@@${this.count}\\b`).test(line)) {
      if (!line.startsWith('virsh #')) question.lines.push(line);
      return;
    }
    // What it says on the other stream was written before, and may be read later.
    setImmediate(() => {
      if (this.question !== question) return;
      this.question = null;
      const failure = question.errors.find((text) => /^error: (?!Reconnected|Disconnected)/.test(text));
      if (failure === undefined || question.lines.some(Boolean)) question.resolve(question.lines);
      else question.reject(unreachable(question.errors));
    });
  }

  private end(code: string, message: string): void {
    this.child = null;
    const { question } = this;
    this.question = null;
    if (!question) return;
    if (question.errors.length > 0) question.reject(unreachable(question.errors));
    else question.reject(new GhpassError('tool', { code, message }));
  }
}

function unreachable(errors: readonly string[]): GhpassError {
  const message = errors.map((text) => text.replace(/^error: /, '')).join(': ');
  return new GhpassError('tool', { code: 'libvirt.unreachable', message });
}
