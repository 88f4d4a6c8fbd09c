import { expect, test } from 'vitest';
import { formatNumberList } from '../../src/host/numa/number-list.ts';
import { parseNumberSet } from '../../src/libvirt/number-set.ts';
import fc from '../fixtures/fast-check.ts';

test.each<[string, number[]]>([
  ['', []],
  ['3', [3]],
  ['0-3,8', [0, 1, 2, 3, 8]],
  ['4,0,2', [0, 2, 4]],
  ['0-4,^2,^3', [0, 1, 4]],
  ['0-2,1-3', [0, 1, 2, 3]],
  [' 1 , 5 ', [1, 5]],
])('%j', (text, numbers) => {
  expect(parseNumberSet(text)).toEqual(numbers);
});

test.each(['a', '3-1', '1-', ',', '1,,2', '-1', '^0-3', '99999', '0-9000', '1;2'])('%j is none', (text) => {
  expect(parseNumberSet(text)).toBeNull();
});

test('what is written as the kernel does is read back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(8191)), (numbers) => {
      expect(parseNumberSet(formatNumberList(numbers))).toEqual(numbers.toSorted((a, b) => a - b));
    }),
  );
});
