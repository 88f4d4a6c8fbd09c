import { Command, Flags } from '@oclif/core';
import type { Finding } from '../checks/check.ts';
import { CHECK_KINDS } from '../checks/kinds.ts';
import { EXIT_STATUS, GhpassError } from '../errors.ts';
import { type Envelope, errorEnvelope, exitStatus, resultEnvelope } from './envelope.ts';
import { errorText, findingText } from './findings-text.ts';
import { paintFor } from './paint.ts';

/** What a command came to. */
export interface Outcome {
  /** JSON-ready. */
  result: unknown;
  findings: Finding[];
  /** What goes to standard output without `--json`. */
  text: string;
}

/** Flags of the commands that do not change the host. */
export const hostFlag = {
  host: Flags.string({
    default: 'local',
    helpValue: 'SOURCE',
    description: 'host to ask: local, builtin:NAME, or the directory of a snapshot',
  }),
};

/** Flags of the commands that judge. */
export const strictFlag = {
  strict: Flags.boolean({ description: 'every warning is a failure (exit 1)' }),
};

/** What all commands share: one envelope, one layout of errors, one way out. */
export abstract class GhpassCommand extends Command {
  static override enableJsonFlag = true;

  private readonly interrupt = new AbortController();

  /** Aborted by the first Ctrl-C; the second one ends the process at once. */
  protected get interrupted(): AbortSignal {
    return this.interrupt.signal;
  }

  override async init(): Promise<void> {
    await super.init();
    const onSignal = () => {
      if (this.interrupt.signal.aborted) process.exit(EXIT_STATUS.interrupted);
      process.stderr.write('interrupted: cleaning up; once more to leave at once\n');
      this.interrupt.abort(new GhpassError('interrupted', { code: 'interrupted', message: 'interrupted' }));
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  }

  /** Prints an outcome and sets the exit status. */
  protected conclude({ result, findings, text }: Outcome, strict: boolean): Envelope {
    process.exitCode = exitStatus(findings, strict, (id) => CHECK_KINDS.get(id) ?? 'check');
    if (!this.jsonEnabled()) {
      process.stdout.write(text === '' ? '' : `${text}\n`);
      const paint = paintFor(process.stderr, process.env);
      for (const finding of findings) process.stderr.write(`${findingText(finding, paint)}\n`);
    }
    return resultEnvelope(this.commandName(), result, findings, strict);
  }

  /** One line about what is going on; never on standard output. */
  protected progress(line: string): void {
    if (!this.jsonEnabled() || process.stderr.isTTY) process.stderr.write(`${line}\n`);
  }

  protected override async catch(thrown: Error): Promise<void> {
    const error = asGhpassError(thrown);
    process.exitCode = error.exitStatus;
    if (this.jsonEnabled()) this.logJson(errorEnvelope(this.commandName(), error));
    else process.stderr.write(`${errorText(error, paintFor(process.stderr, process.env))}\n`);
    if (error.kind === 'bug' && process.env.DEBUG) process.stderr.write(`${thrown.stack}\n`);
  }

  /** oclif would colour the document and lose the exit status of an error: the document is ours, and plain. */
  override logJson(document: unknown): void {
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }

  private commandName(): string {
    return this.id ?? this.ctor.id;
  }
}

/** Errors of oclif's parser are usage errors; everything that ghpass did not throw on purpose is a bug. */
function asGhpassError(thrown: Error): GhpassError {
  if (thrown instanceof GhpassError) return thrown;
  const isUsage = 'oclif' in thrown && (thrown as { oclif?: { exit?: number } }).oclif?.exit === EXIT_STATUS.usage;
  if (isUsage) {
    const message = thrown.message.replace(/\n?See more help with --help$/, '').replaceAll(/\s*\n\s*/g, ' ');
    return new GhpassError('usage', { code: 'usage', message, suggestions: ['ghpass --help'], cause: thrown });
  }
  return new GhpassError('bug', {
    code: 'bug',
    message: `this should not have happened: ${thrown.message}`,
    suggestions: ['repeat with DEBUG=1 and report what it prints'],
    cause: thrown,
  });
}
