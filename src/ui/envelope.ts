import type { Finding } from '../checks/check.ts';
import { EXIT_STATUS, type FailureKind, GhpassError } from '../errors.ts';

/** Of all that goes out as JSON. */
export const SCHEMA_VERSION = 1;

/** The one document that `--json` prints, whatever the command. */
export type Envelope =
  | { schemaVersion: number; command: string; status: 'ok' | 'warn' | 'fail'; result: unknown; findings: Finding[] }
  | {
      schemaVersion: number;
      command: string;
      status: 'error';
      error: { code: string; message: string; suggestions: readonly string[] };
    };

/** What decides between fine, warning and failure. */
export interface Judged {
  findings: Finding[];
  /** Something could not be found out, which is no better than a warning. */
  incomplete: boolean;
  /** Every warning counts as a failure. */
  strict: boolean;
}

/** @param result JSON-ready: no bigint. */
export function resultEnvelope(command: string, result: unknown, judged: Judged): Envelope {
  const { findings } = judged;
  return { schemaVersion: SCHEMA_VERSION, command, status: statusOf(judged), result, findings };
}

export function errorEnvelope(command: string, error: GhpassError): Envelope {
  const { code, message, suggestions } = error;
  return { schemaVersion: SCHEMA_VERSION, command, status: 'error', error: { code, message, suggestions } };
}

/**
 * Exit status of a command that came to its end: 0, or that of what failed. Where all that failed is a missing permission
 * or a missing tool, the status says so; else a check failed.
 * @param kindOf what a failure of a check is, by its id.
 */
export function exitStatus(judged: Judged, kindOf: (id: string) => FailureKind): number {
  const { findings, strict } = judged;
  const failed = findings.filter(({ severity }) => severity === 'fail' || (strict && severity === 'warn'));
  if (failed.length === 0) return statusOf(judged) === 'fail' ? EXIT_STATUS.check : 0;
  const kinds = new Set(failed.map(({ id, severity }) => (severity === 'fail' ? kindOf(id) : 'check')));
  const [only = 'check'] = kinds;
  return EXIT_STATUS[kinds.size === 1 ? only : 'check'];
}

function statusOf({ findings, incomplete, strict }: Judged): 'ok' | 'warn' | 'fail' {
  if (findings.some(({ severity }) => severity === 'fail')) return 'fail';
  const isWarned = incomplete || findings.some(({ severity }) => severity === 'warn');
  return isWarned ? (strict ? 'fail' : 'warn') : 'ok';
}

/** Sizes are integer bytes in JSON. @throws GhpassError rather than rounding what a number cannot hold. */
export function jsonBytes(bytes: bigint): number {
  if (bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes);
  throw new GhpassError('check', {
    code: 'json.size-too-large',
    message: `${bytes} bytes are more than any memory has, and than JSON can show exactly`,
  });
}
