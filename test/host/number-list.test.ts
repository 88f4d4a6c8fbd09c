import { describe, expect, test } from 'vitest';
import { formatNumberList, parseNumberList } from '../../src/host/numa/number-list.ts';
import fc from '../fixtures/fast-check.ts';

describe('a list of numbers', () => {
  test.each<[string, number[] | null]>([
    ['', []],
    ['0', [0]],
    ['0-3,8', [0, 1, 2, 3, 8]],
    ['1-8,10-12', [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]],
    ['a', null],
    ['0-', null],
    ['-1', null],
    ['0,,1', null],
    ['0-3:1/2', null],
    ['1234567', null],
    ['3-1', null],
    ['3,1', null],
    ['0-3,3', null],
    ['8192', null],
    ['0-999999,0-999999', null],
  ])('%j is read as %j', (text, numbers) => {
    expect(parseNumberList(text)).toEqual(numbers);
  });

  test('goes up to the most CPUs that a kernel can have', () => {
    expect(parseNumberList('0-8191')).toHaveLength(8192);
  });

  test('is written in its shortest form, without doubles', () => {
    expect(formatNumberList([8, 1, 2, 3, 3, 0])).toBe('0-3,8');
  });

  test('reads as what was written', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 2000 })), (numbers) => {
        const ascending = numbers.toSorted((a, b) => a - b);
        expect(parseNumberList(formatNumberList(numbers))).toEqual(ascending);
      }),
    );
  });
});
