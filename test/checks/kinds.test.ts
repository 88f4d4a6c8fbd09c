import { expect, test } from 'vitest';
import { CHECK_KINDS } from '../../src/checks/kinds.ts';

test('what a failure is to a script', () => {
  expect(Object.fromEntries(CHECK_KINDS)).toEqual({ 'vfio.perms': 'permission', 'stack.version': 'tool' });
});
