import { expect, test } from 'vitest';
import { assess, examine } from '../../src/checks/check.ts';
import { PLAN_CHECKS } from '../../src/checks/plan/index.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';
import { describeCases } from './cases.ts';
import { PLAN_CASES } from './plan-cases.ts';

const HEALTHY = () => openMadeUp(graceHost([hopper()]));

test('of a plan for a healthy host all is known, and nothing has to be said', async () => {
  const facts = await planFacts(HEALTHY());
  expect(assess(PLAN_CHECKS, facts)).toEqual([]);
  expect(PLAN_CHECKS.filter((check) => examine(check, facts).notKnown !== null).map(({ id }) => id)).toEqual([]);
});

describeCases(PLAN_CHECKS, PLAN_CASES, async ({ host = HEALTHY(), ...options }) => {
  return { facts: await planFacts(host, options), subject: 'demo' };
});
