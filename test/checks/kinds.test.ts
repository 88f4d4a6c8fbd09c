import { expect, test } from 'vitest';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { CHECK_KINDS } from '../../src/checks/kinds.ts';
import { PLAN_CHECKS } from '../../src/checks/plan/index.ts';

test('what a failure is to a script', () => {
  expect(Object.fromEntries(CHECK_KINDS)).toEqual({ 'vfio.perms': 'permission', 'stack.version': 'tool' });
});

test('ids are unique, dotted and lower case; titles are sentences that are true where all is well', () => {
  const checks = [...DEVICE_CHECKS, ...PLAN_CHECKS];
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  for (const { id, title, reference } of checks) {
    expect(id).toMatch(/^[a-z0-9]+\.[a-z0-9-]+$/);
    expect(title).toMatch(/^\S.*[^.]$/);
    expect(reference).not.toBe('');
  }
});
