import { expect, test } from 'vitest';
import { bootAgain, nextBootOf, nextBootText } from '../../src/guest/domain/next-boot.ts';

const [A, B] = ['0009:01:00.0', '0019:01:00.0'] as const;

test.each([
  ['as it is defined', [A], [A], null],
  ['as it is defined, in another order', [A, B], [B, A], null],
  ['without a new GPU', [], [A], `demo runs as it was started, and gets ${A} at its next boot`],
  ['with GPUs that were taken away', [A, B], [], `demo runs as it was started, and loses ${A}, ${B} at its next boot`],
  ['with another GPU', [A], [B], `demo runs as it was started, and gets ${B} and loses ${A} at its next boot`],
])('a domain runs %s', (_, now, then, text) => {
  const change = nextBootOf(now, then);
  expect(change && nextBootText('demo', change)).toBe(text);
});

test('the commands can be pasted, whatever the name is', () => {
  expect(bootAgain({ name: "it's", uri: 'qemu+ssh://host/system' })).toEqual([
    `virsh --connect=qemu+ssh://host/system shutdown 'it'\\''s'`,
    `virsh --connect=qemu+ssh://host/system start 'it'\\''s'   # when it is off`,
  ]);
});
