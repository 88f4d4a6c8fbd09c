import type { Interfaces } from '@oclif/core';
import type { Finding } from '../checks/check.ts';
import { CHECK_KINDS } from '../checks/kinds.ts';
import { EXIT_STATUS, type FailureKind, GhpassError } from '../errors.ts';
import type { HostSource } from '../host/host.ts';
import { Command, Flags } from '../ui/oclif.ts';
import { type Envelope, exitStatus, resultEnvelope } from './envelope.ts';
import { asGhpassError, printJson, reportError } from './failure.ts';
import { findingText } from './findings-text.ts';
import { tellPrograms, tellWaits } from './follow-programs.ts';
import { type Paint, paintFor } from './paint.ts';

/** What a command came to. */
export interface Outcome {
  /** JSON-ready. */
  result: unknown;
  findings: Finding[];
  /** What goes to standard output without `--json`. */
  text: string;
  /** Something could not be found out, which is no better than a warning. */
  incomplete?: boolean;
}

/** Flags of the commands that do not change the host. */
export const hostFlag = {
  host: Flags.string({
    default: 'local',
    helpValue: 'SOURCE',
    description: 'host to ask: local, builtin:NAME, or a snapshot (a directory or .tar.gz)',
  }),
};

/** Flags of the commands that judge. */
export const strictFlag = {
  strict: Flags.boolean({ description: 'every warning is a failure (exit 1)' }),
};

/** What all commands share: one envelope, one layout of errors, one way out. */
export abstract class GhpassCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    'no-color': Flags.boolean({ description: 'no colours, on a terminal either', helpGroup: 'GLOBAL' }),
    verbose: Flags.boolean({
      char: 'v',
      description: 'tell each program that is run, as it can be pasted, and how it ended',
      helpGroup: 'GLOBAL',
    }),
  };

  /** Set by a run that leaves nothing to clean up: the first Ctrl-C then ends it at once. */
  protected changesNothing = false;

  /** Set by a command that prints as it goes, until it is interrupted: that is no failure of it, and JSON comes in lines. */
  protected readonly isStream: boolean = false;

  private readonly interrupt = new AbortController();

  /** Aborted by the first Ctrl-C; the second one ends the process at once. */
  protected get interrupted(): AbortSignal {
    return this.interrupt.signal;
  }

  override async init(): Promise<void> {
    await super.init();
    const onSignal = () => {
      const interrupted = new GhpassError('interrupted', { code: 'interrupted', message: 'interrupted' });
      if (this.changesNothing || this.interrupt.signal.aborted) {
        this.report(interrupted);
        process.exit(EXIT_STATUS.interrupted);
      }
      if (!this.isStream) process.stderr.write('interrupted: cleaning up; once more to leave at once\n');
      this.interrupt.abort(interrupted);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  }

  /** Programs are told of from here on: before, nothing is run. */
  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv);
    const paint = this.paint(process.stderr);
    if ((parsed.flags as { verbose?: boolean }).verbose)
      tellPrograms((lines) => process.stderr.write(`${paint.dim(lines)}\n`));
    tellWaits(process.stderr.isTTY, (line) => this.progress(line));
    return parsed;
  }

  /**
   * Prints an outcome and sets the exit status.
   * @param kinds what a failure is, by the id of the check, where it is more than a check that failed.
   */
  protected conclude(
    { result, findings, text, incomplete = false }: Outcome,
    strict: boolean,
    kinds: ReadonlyMap<string, FailureKind> = CHECK_KINDS,
  ): Envelope {
    const judged = { findings, incomplete, strict };
    process.exitCode = exitStatus(judged, (id) => kinds.get(id) ?? 'check');
    if (!this.jsonEnabled()) {
      process.stdout.write(text === '' ? '' : `${text}\n`);
      const paint = this.paint(process.stderr);
      for (const finding of findings) process.stderr.write(`${findingText(finding, paint)}\n`);
    }
    return resultEnvelope(this.commandName(), result, judged);
  }

  /** One line about what is going on; never on standard output. */
  protected progress(line: string): void {
    if (!this.jsonEnabled() || process.stderr.isTTY) process.stderr.write(`${line}\n`);
  }

  /** Numbers that no real board gave are not to be taken for any. */
  protected tellSynthetic({ name, synthetic }: HostSource): void {
    if (synthetic !== null) this.progress(`${name} is synthetic: ${synthetic}`);
  }

  /** Colours for one of the standard streams. */
  protected paint(stream: NodeJS.WriteStream): Paint {
    return paintFor(stream, process.env, this.isColorWanted());
  }

  /** What fails after a Ctrl-C fails because of it: the terminal sends it to the tools that run, too. */
  protected override async catch(thrown: Error): Promise<void> {
    const error = asGhpassError(thrown, this.commandName());
    if (!this.interrupt.signal.aborted || error.kind === 'interrupted') return this.report(error);
    const { message, suggestions } = error;
    this.report(
      new GhpassError('interrupted', {
        code: 'interrupted',
        message: `interrupted: ${message}`,
        suggestions,
        cause: error,
      }),
    );
  }

  /** oclif would colour the document and lose the exit status of an error: the document is ours, and plain. */
  override logJson(document: unknown): void {
    printJson(document);
  }

  private report(error: GhpassError): void {
    const oneLine = this.isStream;
    reportError(error, this.commandName(), { json: this.jsonEnabled(), color: this.isColorWanted(), oneLine });
  }

  /** From the words themselves: an error of the parser comes before there are flags. */
  private isColorWanted(): boolean {
    return !this.argv.includes('--no-color');
  }

  private commandName(): string {
    return this.id ?? this.ctor.id;
  }
}
