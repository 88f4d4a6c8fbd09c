import type { Finding } from '../checks/check.ts';
import { EXIT_STATUS, type FailureKind, GhpassError } from '../errors.ts';

const SCHEMA_VERSION = 1;

/** The one document that `--json` prints, whatever the command. */
export type Envelope =
  | { schemaVersion: number; command: string; status: 'ok' | 'warn' | 'fail'; result: unknown; findings: Finding[] }
  | {
      schemaVersion: number;
      command: string;
      status: 'error';
      error: { code: string; message: string; suggestions: readonly string[] };
    };

/** @param result JSON-ready: no bigint. @param strict every warning counts as a failure. */
export function resultEnvelope(command: string, result: unknown, findings: Finding[], strict: boolean): Envelope {
  return { schemaVersion: SCHEMA_VERSION, command, status: statusOf(findings, strict), result, findings };
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
export function exitStatus(findings: readonly Finding[], strict: boolean, kindOf: (id: string) => FailureKind): number {
  const failed = findings.filter(({ severity }) => severity === 'fail' || (strict && severity === 'warn'));
  if (failed.length === 0) return 0;
  const kinds = new Set(failed.map(({ id, severity }) => (severity === 'fail' ? kindOf(id) : 'check')));
  const [only = 'check'] = kinds;
  return EXIT_STATUS[kinds.size === 1 ? only : 'check'];
}

function statusOf(findings: readonly Finding[], strict: boolean): 'ok' | 'warn' | 'fail' {
  if (findings.some(({ severity }) => severity === 'fail')) return 'fail';
  if (findings.some(({ severity }) => severity === 'warn')) return strict ? 'fail' : 'warn';
  return 'ok';
}

/** Sizes are integer bytes in JSON. @throws GhpassError rather than rounding what a number cannot hold. */
export function jsonBytes(bytes: bigint): number {
  if (bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes);
  throw new GhpassError('bug', { code: 'json.size-too-large', message: `${bytes} bytes do not fit a JSON number` });
}
