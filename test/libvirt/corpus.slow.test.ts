import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DOMAIN_CHECKS } from '../../src/checks/domain/index.ts';
import { NEWEST_LIBVIRT } from '../../src/host/programs/newest-tools.ts';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import { FALLBACK, type Profile, profileOf } from '../../src/libvirt/profile.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { parseXml } from '../../src/libvirt/xml.ts';
import { CORPUS, WITHOUT_CONFLICT } from './corpus.ts';
import { lost } from './lost.ts';
import { planForDomain } from './plan-for-domain.ts';

const PROFILES: readonly [name: string, profile: Profile][] = [
  ['native', profileOf(NEWEST_LIBVIRT)],
  ['fallback', FALLBACK],
];

/** What each finding has to say: what the domain has, and what of the GPUs it stands in the way of. */
const BOTH_SIDES: Readonly<Record<string, RegExp>> = {
  'domain.acpi-off': /features\/acpi is missing.*nodes that the GPUs need/,
  'domain.cpu-mode': /cpu\/@mode is (?:custom|host-model); .* Grace GPU needs host-passthrough/,
  'domain.gic': /features\/gic has version 2.*the GPUs need 3/,
  'domain.gpu-present': /0009:01:00\.0 is passed through already by devices\/hostdev, .*with nodes 1-8/,
  'domain.iommu': /emulated smmuv3 IOMMU.*QEMU refuses VFIO devices behind it/,
  'domain.machine':
    /guest of (?:x86_64|aarch64|riscv64|an unnamed architecture) on .*the GPUs need kvm, aarch64 and virt/,
  'domain.memory-hotplug': /maxMemory is \d+ GiB;.* to node \d, which is a node of 0009:01:00\.0/,
  'domain.qemu-arguments': /qemu:commandline has -(?:numa|object|machine) .*which ghpass has to write itself/,
  'domain.uefi-missing': /names no UEFI firmware.*none of the nodes/,
};

test('there are forty domains, and each that is said to have a conflict is there', () => {
  expect(WITHOUT_CONFLICT.length).toBeGreaterThanOrEqual(40);
  expect(CORPUS.length - WITHOUT_CONFLICT.length).toBe(16);
});

describe.each(CORPUS)('$name', ({ xml, conflicts }) => {
  test('is written as it was read', () => {
    expect(parseXml(xml).serialize()).toBe(xml);
    expect(removeGpus(xml)).toBe(xml);
  });

  test(conflicts.length === 0 ? 'has nothing that stands in the way' : `says ${conflicts.join(' and ')}`, async () => {
    const { plan, host } = await planForDomain(xml);
    const findings = assess(DOMAIN_CHECKS, { domain: readDomain(xml), plan, numa: host.numa });
    expect(findings.map(({ id }) => id).toSorted()).toEqual(conflicts.toSorted());
    for (const { id, message } of findings) expect(message).toMatch(BOTH_SIDES[id] ?? /^$/);
  });
});

describe.each(PROFILES)('in the %s profile', (_, profile) => {
  describe.each(WITHOUT_CONFLICT)('$name', ({ xml }) => {
    test('gets its GPUs, and nothing of it is lost', async () => {
      const { plan } = await planForDomain(xml, 2);
      const applied = applyPlan(xml, plan, profile);
      expect(lost(xml, applied)).toEqual([]);
      expect(readDomain(applied)).toEqual({ ...readDomain(xml), gpus: plan.gpus.map(({ address }) => address) });
      expect(hostdevs(applied) - hostdevs(xml)).toBe(2);
    });

    test('is the same after the same plan again, and after the GPUs of another', async () => {
      const [{ plan: one }, { plan: two }] = [await planForDomain(xml, 1), await planForDomain(xml, 2)];
      const applied = applyPlan(xml, one, profile);
      expect(applyPlan(applied, one, profile)).toBe(applied);
      expect(applyPlan(applyPlan(applied, two, profile), one, profile)).toBe(applied);
    });

    test('is what it was, byte for byte, when the GPUs are taken out', async () => {
      const { plan } = await planForDomain(xml, 2);
      expect(removeGpus(applyPlan(xml, plan, profile))).toBe(xml);
    });
  });
});

function hostdevs(xml: string): number {
  return parseXml(xml).root.find('devices')?.elements('hostdev').length ?? 0;
}
