import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyPlan } from '../../src/libvirt/apply-plan.ts';
import { FALLBACK, type Profile } from '../../src/libvirt/profile.ts';
import type { PlannedSmmu } from '../../src/plan/guest-plan.ts';
import { planForDomain } from './plan-for-domain.ts';

const MINIMAL = readFileSync(join(import.meta.dirname, 'corpus/minimal.xml'), 'utf8');
const NATIVE: Profile = { nodes: 'element', window: 'element', iommufd: true, acceleratedSmmu: true };
const SMMU: PlannedSmmu = { ats: true, ril: false, ssidsize: 20, oas: 48, cmdqv: null };

async function drivers(smmu: PlannedSmmu, profile: Profile): Promise<string[]> {
  const { plan } = await planForDomain(MINIMAL, 2);
  const xml = applyPlan(MINIMAL, { ...plan, gpus: plan.gpus.map((gpu) => ({ ...gpu, smmu })) }, profile);
  return [...xml.matchAll(/<driver pciBus=.*>/g)].map(([driver]) => driver);
}

test('an accelerated SMMUv3 stands in front of the expander bus of each GPU', async () => {
  expect(await drivers(SMMU, NATIVE)).toEqual([
    "<driver pciBus='1' accel='on' ats='on' ril='off' ssidsize='20' oas='48'/>",
    "<driver pciBus='3' accel='on' ats='on' ril='off' ssidsize='20' oas='48'/>",
  ]);
});

test('without contiguous memory it is told to have no command queues', async () => {
  const [driver] = await drivers({ ...SMMU, cmdqv: 'off' }, NATIVE);
  expect(driver).toBe("<driver pciBus='1' accel='on' ats='on' ril='off' ssidsize='20' oas='48' cmdqv='off'/>");
});

test('where libvirt has no element, there is none', async () => {
  expect(await drivers(SMMU, FALLBACK)).toEqual([]);
});
