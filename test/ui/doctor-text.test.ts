import { expect, test } from 'vitest';
import type { Outcome } from '../../src/checks/outcome.ts';
import { doctorText } from '../../src/ui/doctor-text.ts';
import { paintFor } from '../../src/ui/paint.ts';

const PLAIN = paintFor({}, {}, false);
const outcome = (id: string, came: Outcome['outcome'], reason: string | null = null): Outcome => {
  return { id, title: `All is well with ${id}`, severity: 'fail', subject: null, outcome: came, reason };
};

test('one line for each check, by what it is about', () => {
  const groups = [
    { about: 'host', outcomes: [outcome('a.one', 'pass'), outcome('a.second', 'fail'), outcome('a.third', 'warn')] },
    { about: 'nothing', outcomes: [] },
    {
      about: '0009:01:00.0',
      outcomes: [
        outcome('b.one', 'info'),
        outcome('b.two', 'unknown', 'it is dark'),
        outcome('b.three', 'skipped', 'it is late'),
      ],
    },
  ];
  expect(doctorText(groups, PLAIN)).toBe(
    [
      'host',
      '  ✔ a.one     All is well with a.one',
      '  ✖ a.second  All is well with a.second',
      '  ⚠ a.third   All is well with a.third',
      '',
      '0009:01:00.0',
      '  · b.one     All is well with b.one',
      '  ? b.two     All is well with b.two: not known, because it is dark',
      '  – b.three   All is well with b.three: skipped, because it is late',
      '',
      '6 checks: 1 passed, 1 failed, 1 to be warned of, 1 to know, 1 not known, 1 skipped',
    ].join('\n'),
  );
});
