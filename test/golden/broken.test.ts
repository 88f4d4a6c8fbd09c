import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { selectChecks } from '../../src/checks/select.ts';
import { GhpassError } from '../../src/errors.ts';
import { diagnose } from '../../src/guest/doctor.ts';
import { prepareGuest } from '../../src/guest/life/prepare.ts';
import { BROKEN_HOSTS } from '../../src/host/builtin/broken/index.ts';
import { BUILTIN_HOSTS } from '../../src/host/builtin/index.ts';
import type { Host } from '../../src/host/host.ts';
import { openHost } from '../../src/host/open.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { REQUEST } from '../fixtures/plan.ts';

/** Ids of all that is said of a host, its GPUs, and a guest that gets all of them. */
async function findingsOf(host: Host): Promise<string[]> {
  const all = selectChecks(undefined, undefined, '');
  const findings = await diagnose(host, all).then((diagnosis) => diagnosis.findings, codeOf);
  const ofPlan = await prepareGuest(host, [], REQUEST, { open: true }).then((prepared) => prepared.findings, codeOf);
  return [...findings, ...ofPlan].map(({ id }) => id);
}

function codeOf(error: unknown): { id: string }[] {
  if (error instanceof GhpassError) return [{ id: error.code }];
  throw error;
}

describe.each(Object.entries(BROKEN_HOSTS))('%s', (name, make) => {
  const { what, finding } = make();

  test(`has what it says it has: ${what}`, async () => {
    expect(await findingsOf(await openHost(`builtin:${name}`))).toContain(finding);
  });

  test('says what is wrong with it, and that its numbers are nobody’s', async () => {
    const { source } = await openHost(`builtin:${name}`);
    expect(source.synthetic).toBe(`${what}; ${make().host.about}`);
    expect(source.synthetic).toMatch(/not those of a real board$/);
  });
});

test.each(Object.keys(BUILTIN_HOSTS).filter((name) => !name.startsWith('broken-')))(
  '%s has nothing broken',
  async (name) => {
    const host = await openHost(`builtin:${name}`);
    const { host: facts, gpus } = await collectGpus(host, [], { open: true });
    const findings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
    // What is said of a V100 is that its guest is planned, and not started.
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(host.source.synthetic).toMatch(/not those of a real board$/);
  },
);
