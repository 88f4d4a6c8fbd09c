import { EXIT_STATUS, GhpassError } from '../errors.ts';
import { errorEnvelope } from './envelope.ts';
import { errorText } from './findings-text.ts';
import { paintFor } from './paint.ts';

/** Flags that mean the same with every command, and before it. */
export const GLOBAL_FLAGS: readonly string[] = ['--json', '--no-color', '--verbose', '-v'];

/**
 * Errors of oclif's parser are usage errors; everything that ghpass did not throw on purpose is a bug.
 * @param command whose help is worth a look; null where it is not known.
 */
export function asGhpassError(thrown: unknown, command: string | null): GhpassError {
  if (thrown instanceof GhpassError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if ('oclif' in error && (error.oclif as { exit?: number }).exit === EXIT_STATUS.usage) {
    return new GhpassError('usage', {
      code: 'usage',
      message: inOneLine(error.message),
      suggestions: [['ghpass', command, '--help'].filter(Boolean).join(' ')],
      cause: error,
    });
  }
  return new GhpassError('bug', {
    code: 'bug',
    message: `this should not have happened: ${error.message}`,
    suggestions: ['repeat with DEBUG=1 and report what it prints'],
    cause: error,
  });
}

/** oclif's messages are paragraphs, with headings and advice that ours have elsewhere. */
function inOneLine(message: string): string {
  return message
    .replace(/\n?See more help with --help$/, '')
    .replace(/\n+Note: .*$/s, '')
    .replace(/^The following errors? occurred:/, '')
    .replace(/^Parsing (--\S+) /, '$1: ')
    .replaceAll(/^(\S+) {2,}(.*)$/gm, '$1 ($2)')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

interface ReportOptions {
  json: boolean;
  color: boolean;
  /** For a reader of lines. */
  oneLine?: boolean;
}

/** Prints an error, as one JSON document on standard output or as text on standard error, and sets the exit status. */
export function reportError(
  error: GhpassError,
  command: string,
  { json, color, oneLine = false }: ReportOptions,
): void {
  process.exitCode = error.exitStatus;
  if (json) printJson(errorEnvelope(command, error), oneLine);
  else process.stderr.write(`${errorText(error, paintFor(process.stderr, process.env, color))}\n`);
  if (error.kind === 'bug' && process.env.DEBUG && error.cause instanceof Error)
    process.stderr.write(`${error.cause.stack}\n`);
}

/** The one way in which JSON goes out: plain, and a single document. */
export function printJson(document: unknown, oneLine = false): void {
  process.stdout.write(`${JSON.stringify(document, null, oneLine ? 0 : 2)}\n`);
}
