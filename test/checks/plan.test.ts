import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { PLAN_CHECKS } from '../../src/checks/plan/index.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';
import { PLAN_CASES } from './plan-cases.ts';

const HEALTHY = () => openMadeUp(graceHost([hopper()]));

test('a plan for a healthy host has nothing to be said about', async () => {
  expect(assess(PLAN_CHECKS, await planFacts(HEALTHY()))).toEqual([]);
});

describe.each(PLAN_CHECKS.map((check) => [check.id, check] as const))('%s', (id, check) => {
  const cases = PLAN_CASES.filter((candidate) => candidate.id === id);

  test.each(cases.flatMap((one) => (one.says ? [[one.title, one, one.says] as const] : [])))(
    'speaks of %s',
    async (_title, { host = HEALTHY(), ...options }, says) => {
      const facts = await planFacts(host, options);
      expect(assess([check], facts)).toEqual([
        { id, subject: 'demo', remedy: [], reference: check.reference, ...says },
      ]);
    },
  );

  test.each(cases.flatMap((one) => (one.says ? [] : [[one.title, one] as const])))(
    'is silent about %s',
    async (_title, { host = HEALTHY(), ...options }) => {
      expect(assess([check], await planFacts(host, options))).toEqual([]);
    },
  );
});

describe('the cases', () => {
  test('make every check speak', () => {
    const spoken = new Set(PLAN_CASES.filter(({ says }) => says).map(({ id }) => id));
    expect(PLAN_CHECKS.map(({ id }) => id).filter((id) => !spoken.has(id))).toEqual([]);
  });

  test('are all of checks that there are', () => {
    const known = new Set(PLAN_CHECKS.map(({ id }) => id));
    expect(PLAN_CASES.map(({ id }) => id).filter((id) => !known.has(id))).toEqual([]);
    expect(known.size).toBe(PLAN_CHECKS.length);
  });
});
