import { EXIT_STATUS, type FailureKind } from '../errors.ts';

/** What each exit status means to somebody who reads it in a script. */
const MEANINGS: Readonly<Record<FailureKind, string>> = {
  check: 'a check failed, or the device was found wanting; with --strict also where there are warnings',
  usage: 'the command line is wrong',
  unsupported: 'this host has no such GPU, so that CI can skip',
  permission: 'a permission is missing',
  tool: 'an external tool failed: the native helper, QEMU',
  timeout: 'a deadline passed',
  bug: 'a bug in ghpass',
  interrupted: 'interrupted, after the host was put back',
};

/** Texts of `ghpass help TOPIC` that belong to no command. */
export const HELP_TOPICS: Readonly<Record<string, string>> = { 'exit-codes': exitCodes() };

function exitCodes(): string {
  const kinds = Object.keys(EXIT_STATUS) as FailureKind[];
  const lines = kinds.map((kind): [number, string] => [EXIT_STATUS[kind], MEANINGS[kind]]);
  const rows = [[0, 'done; all checks passed, perhaps with warnings'] as const, ...lines];
  return [
    'Exit codes are the same with and without --json.',
    '',
    ...rows.map(([code, meaning]) => `${`${code}`.padStart(5)}  ${meaning}`),
  ].join('\n');
}
