import { expect, test } from 'vitest';
import type { Finding, Severity } from '../../src/checks/check.ts';
import type { FailureKind } from '../../src/errors.ts';
import { exitStatus, jsonBytes, resultEnvelope } from '../../src/ui/envelope.ts';
import { jsonReady } from '../../src/ui/json-ready.ts';

const finding = (id: string, severity: Severity): Finding => {
  return { id, severity, subject: '0009:01:00.0', message: 'seen', remedy: [], reference: 'a text' };
};
const KINDS: Record<string, FailureKind> = { perms: 'permission', tool: 'tool' };
const kindOf = (id: string) => KINDS[id] ?? 'check';

test.each<[string, [string, Severity][], lenient: number, strict: number, status: string, strictStatus: string]>([
  ['nothing', [], 0, 0, 'ok', 'ok'],
  ['an info', [['perms', 'info']], 0, 0, 'ok', 'ok'],
  ['a warning', [['any', 'warn']], 0, 1, 'warn', 'fail'],
  ['a warning of a check for tools', [['tool', 'warn']], 0, 1, 'warn', 'fail'],
  ['a failure', [['any', 'fail']], 1, 1, 'fail', 'fail'],
  ['a missing permission', [['perms', 'fail']], 4, 4, 'fail', 'fail'],
  [
    'a missing tool',
    [
      ['tool', 'fail'],
      ['tool', 'fail'],
    ],
    5,
    5,
    'fail',
    'fail',
  ],
  [
    'a missing tool and a warning',
    [
      ['tool', 'fail'],
      ['any', 'warn'],
    ],
    5,
    1,
    'fail',
    'fail',
  ],
  [
    'a missing tool and another failure',
    [
      ['tool', 'fail'],
      ['any', 'fail'],
    ],
    1,
    1,
    'fail',
    'fail',
  ],
  [
    'a missing tool and a missing permission',
    [
      ['tool', 'fail'],
      ['perms', 'fail'],
    ],
    1,
    1,
    'fail',
    'fail',
  ],
])('exit status and status for %s', (_what, list, lenient, strict, status, strictStatus) => {
  const findings = list.map(([id, severity]) => finding(id, severity));
  const judged = { findings, incomplete: false };
  expect(exitStatus({ ...judged, strict: false }, kindOf)).toBe(lenient);
  expect(exitStatus({ ...judged, strict: true }, kindOf)).toBe(strict);
  expect(resultEnvelope('probe', {}, { ...judged, strict: false }).status).toBe(status);
  expect(resultEnvelope('probe', {}, { ...judged, strict: true }).status).toBe(strictStatus);
});

test('what could not be found out is no better than a warning', () => {
  const judged = { findings: [], incomplete: true };
  expect(exitStatus({ ...judged, strict: false }, kindOf)).toBe(0);
  expect(exitStatus({ ...judged, strict: true }, kindOf)).toBe(1);
  expect(resultEnvelope('doctor', {}, { ...judged, strict: false }).status).toBe('warn');
  expect(resultEnvelope('doctor', {}, { ...judged, strict: true }).status).toBe('fail');
});

test('sizes are integers in JSON, and one that would be rounded is refused', () => {
  expect(jsonReady({ sizeBytes: 1n << 40n, list: [{ bytes: 0n }], none: null, text: 'x' })).toEqual({
    sizeBytes: 2 ** 40,
    list: [{ bytes: 0 }],
    none: null,
    text: 'x',
  });
  expect(jsonBytes((1n << 53n) - 1n)).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => jsonBytes(1n << 53n)).toThrow(
    expect.objectContaining({
      kind: 'check',
      message: '9007199254740992 bytes are more than any memory has, and than JSON can show exactly',
    }),
  );
});
