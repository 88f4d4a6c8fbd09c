import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { GhpassError } from '../../src/errors.ts';
import { comparisonText } from '../../src/ui/comparison-text.ts';
import { asGhpassError } from '../../src/ui/failure.ts';
import { errorText, findingText } from '../../src/ui/findings-text.ts';
import { type Paint, paintFor } from '../../src/ui/paint.ts';
import { shellCommand } from '../../src/ui/shell-quote.ts';
import fc from '../fixtures/fast-check.ts';

const PLAIN = paintFor({}, {}, true);

describe('colours', () => {
  const isColored = (paint: Paint) => paint.red('x') !== 'x';
  test.each<[string, { isTTY?: boolean }, NodeJS.ProcessEnv, boolean, boolean]>([
    ['a terminal', { isTTY: true }, {}, true, true],
    ['a file or a pipe', {}, {}, true, false],
    ['--no-color', { isTTY: true }, {}, false, false],
    ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true, true],
    ['TERM=dumb', { isTTY: true }, { TERM: 'dumb' }, true, false],
  ])('with %s', (_what, stream, env, wanted, colored) => {
    expect(isColored(paintFor(stream, env, wanted))).toBe(colored);
  });
});

describe('a shell', () => {
  test('reads the words that were meant, whatever they are', () => {
    const word = fc.string({ unit: 'binary-ascii' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (argv) => {
        const output = execFileSync('sh', ['-c', `printf '%s\\0' ${shellCommand(argv)}`], { encoding: 'utf8' });
        expect(output.split('\0').slice(0, -1)).toEqual(argv);
      }),
      { numRuns: 60 },
    );
  });

  test('gets each option with its value on a line of its own', () => {
    expect(shellCommand(['qemu', '-nodefaults', '-m', '1G', '-name', 'a b'])).toBe(
      "qemu \\\n  -nodefaults \\\n  -m 1G \\\n  -name 'a b'",
    );
  });
});

test('a finding says what, where, its code and what to try; an info has nothing to try', () => {
  const finding = {
    id: 'vfio.busy',
    severity: 'fail' as const,
    subject: '0009:01:00.0',
    message: 'in use',
    remedy: ['fuser -v /dev/vfio/12', 'wait'],
    reference: 'a text',
  };
  expect(findingText(finding, PLAIN)).toBe(
    '✖ fail 0009:01:00.0: in use\n  Code: vfio.busy\n  Try this: fuser -v /dev/vfio/12\n            wait',
  );
  expect(findingText({ ...finding, severity: 'warn', remedy: [] }, PLAIN)).toBe(
    '▲ warn 0009:01:00.0: in use\n  Code: vfio.busy',
  );
  expect(findingText({ ...finding, severity: 'info' }, PLAIN)).toBe('· info 0009:01:00.0: in use\n  Code: vfio.busy');
});

test('an error has the same layout', () => {
  const error = new GhpassError('tool', { code: 'tool.missing', message: 'virsh is not on PATH', suggestions: ['a'] });
  expect(errorText(error, PLAIN)).toBe('✖ virsh is not on PATH\n  Code: tool.missing\n  Try this: a');
});

test('what was not thrown on purpose is a bug, and keeps its cause', () => {
  const cause = new TypeError('x is undefined');
  expect(asGhpassError(cause, 'probe')).toMatchObject({
    kind: 'bug',
    exitStatus: 70,
    code: 'bug',
    message: 'this should not have happened: x is undefined',
    suggestions: ['repeat with DEBUG=1 and report what it prints'],
    cause,
  });
  expect(asGhpassError('a text', null)).toMatchObject({
    kind: 'bug',
    message: 'this should not have happened: a text',
  });
});

test('a comparison shows what is seen, and what was planned where that is different', () => {
  const line = { id: 'x', gpu: null, what: 'nodes', planned: '9', seen: '9', equal: true };
  const bar = { id: 'y', gpu: '0009:01:00.0', what: 'BAR4', planned: '128 GiB', seen: 'not there', equal: false };
  expect(comparisonText([line, bar], PLAIN)).toBe(
    'guest\n  ✔ nodes: 9\n0009:01:00.0\n  ✖ BAR4: not there; planned: 128 GiB',
  );
});
