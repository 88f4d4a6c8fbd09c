import { expect, test } from 'vitest';
import { REFUSAL_CHECKS } from '../../src/checks/refusal/index.ts';
import { GhpassError } from '../../src/errors.ts';
import { blackwell, board, graceHost, hopper, openMadeUp, TOOLS } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';
import { describeCases } from './cases.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';

describeCases(REFUSAL_CHECKS, REFUSAL_CASES, async ({ attempt }) => {
  const facts = attempt === 'planned' ? { plan: (await planFacts(openMadeUp(graceHost([hopper()])))).plan } : attempt;
  return { facts, subject: 'host' };
});

/** What makes the planner refuse, by the check that tells it. */
const REASONS = {
  'mmio.pa-bits': { ...TOOLS, kvm: { ...TOOLS.kvm, ipaSizeBits: 40 } },
  'firmware.missing': { ...TOOLS, firmware: [] },
};

test.each(REFUSAL_CHECKS.map(({ id }) => id))('the planner refuses with %s', async (id) => {
  const tools = REASONS[id as keyof typeof REASONS];
  const refused = planFacts(openMadeUp(graceHost(board(4, blackwell))), { tools });
  await expect(refused).rejects.toThrow(expect.objectContaining({ constructor: GhpassError, code: id }));
});
