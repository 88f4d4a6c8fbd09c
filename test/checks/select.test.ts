import { describe, expect, test } from 'vitest';
import { nearest } from '../../src/checks/nearest.ts';
import { selectChecks } from '../../src/checks/select.ts';
import { GhpassError } from '../../src/errors.ts';

describe('selectChecks', () => {
  test('takes lists with commas, blanks and nothing in them', () => {
    expect(selectChecks('kernel.page-size, rom.bar,', 'rom.bar', 'not here')).toEqual({
      only: new Set(['kernel.page-size', 'rom.bar']),
      skipped: new Map([['rom.bar', 'not here']]),
    });
    expect(selectChecks(undefined, undefined, '')).toEqual({ only: null, skipped: new Map() });
  });

  test.each([
    ['checks', 'kernel.pagesize', ['--checks kernel.page-size', '--checks kernel.nodes-shift']],
    ['skip', 'iommu.noiomu', ['--skip iommu.noiommu']],
    ['skip', 'xyzzy', []],
  ])('--%s %s names what is near', (flag, id, suggestions) => {
    const select = () => (flag === 'checks' ? selectChecks(id, undefined, '') : selectChecks(undefined, id, ''));
    expect(select).toThrow(GhpassError);
    expect(select).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'check.unknown',
        message: `--${flag} ${id}: there is no such check`,
        suggestions: [...suggestions, 'ghpass doctor --list-checks'],
      }),
    );
  });
});

test.each([
  ['abc', ['abc'], ['abc']],
  ['abc', ['abd', 'abc', 'xyz'], ['abc', 'abd']],
  ['', ['a'], []],
  ['kitten', ['sitting', 'mitten'], ['mitten', 'sitting']],
  ['aaaa', ['aaab', 'aaac', 'aaad', 'aaae'], ['aaab', 'aaac', 'aaad']],
])('near to %j in %j is %j', (misspelt, names, expected) => {
  expect(nearest(misspelt, names)).toEqual(expected);
});
