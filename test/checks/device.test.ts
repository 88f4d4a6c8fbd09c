import { expect, test } from 'vitest';
import { assess, examine } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { blackwell, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { describeCases } from './cases.ts';
import { DEVICE_CASES } from './device-cases.ts';
import { deviceFacts } from './made-up-hosts.ts';

test.each([
  ['Hopper', hopper()],
  ['Blackwell', blackwell()],
])('of a healthy %s all is known, and nothing has to be said', async (_title, gpu) => {
  const facts = await deviceFacts(openMadeUp(graceHost([gpu])));
  expect(assess(DEVICE_CHECKS, facts)).toEqual([]);
  expect(DEVICE_CHECKS.filter((check) => examine(check, facts).notKnown !== null).map(({ id }) => id)).toEqual([]);
});

describeCases(DEVICE_CHECKS, DEVICE_CASES, async ({ host, open = true, catalogue }) => {
  const facts = await deviceFacts(host, { open, catalogue });
  return { facts, subject: facts.gpu.pci.address };
});
