import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { blackwell, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { DEVICE_CASES } from './device-cases.ts';
import { deviceFacts } from './made-up-hosts.ts';

test.each([
  ['Hopper', hopper()],
  ['Blackwell', blackwell()],
])('a healthy %s has nothing to be said about', async (_title, gpu) => {
  expect(assess(DEVICE_CHECKS, await deviceFacts(openMadeUp(graceHost([gpu]))))).toEqual([]);
});

describe.each(DEVICE_CHECKS.map((check) => [check.id, check] as const))('%s', (id, check) => {
  const cases = DEVICE_CASES.filter((candidate) => candidate.id === id);

  test.each(cases.flatMap((one) => (one.says ? [[one.title, one, one.says] as const] : [])))(
    'speaks of %s',
    async (_title, { host, open = true, catalogue }, says) => {
      const facts = await deviceFacts(host, { open, catalogue });
      const subject = facts.gpu.pci.address;
      expect(assess([check], facts)).toEqual([{ id, subject, remedy: [], reference: check.reference, ...says }]);
    },
  );

  test.each(cases.flatMap((one) => (one.says ? [] : [[one.title, one] as const])))(
    'is silent about %s',
    async (_title, { host, open = true, catalogue }) => {
      expect(assess([check], await deviceFacts(host, { open, catalogue }))).toEqual([]);
    },
  );
});

describe('the cases', () => {
  test('make every check speak', () => {
    const spoken = new Set(DEVICE_CASES.filter(({ says }) => says).map(({ id }) => id));
    expect(DEVICE_CHECKS.map(({ id }) => id).filter((id) => !spoken.has(id))).toEqual([]);
  });

  test('are all of checks that there are', () => {
    const known = new Set(DEVICE_CHECKS.map(({ id }) => id));
    expect(DEVICE_CASES.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
    expect(known.size).toBe(DEVICE_CHECKS.length);
  });
});
