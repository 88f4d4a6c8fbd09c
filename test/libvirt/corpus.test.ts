import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DOMAIN_CHECKS } from '../../src/checks/domain/index.ts';
import { NEWEST_LIBVIRT } from '../../src/host/newest-tools.ts';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import { FALLBACK, type Profile, profileOf } from '../../src/libvirt/profile.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { parseXml, XmlElement } from '../../src/libvirt/xml.ts';
import { CORPUS, WITHOUT_CONFLICT } from './corpus.ts';
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
  'domain.gpu-present': /0009:01:00\.0 is passed through by a hostdev/,
  'domain.iommu': /emulated smmuv3 IOMMU.*QEMU refuses VFIO devices behind it/,
  'domain.machine':
    /guest of (?:x86_64|aarch64|riscv64|an unnamed architecture) on .*the GPUs need kvm, aarch64 and virt/,
  'domain.memory-hotplug': /maxMemory is \d+ GiB;.* to node \d, which is a node of 0009:01:00\.0/,
  'domain.qemu-arguments': /qemu:commandline has -(?:numa|object|machine) .*which ghpass has to write itself/,
  'domain.uefi-missing': /names no UEFI firmware.*none of the nodes/,
};

/** The tags, texts and comments of a document in their order, without what opening an empty element changes. */
function pieces(xml: string): string[] {
  return xml
    .split(/(?=<)|(?<=>)/)
    .map((piece) => piece.replace(/\s*\/?>$/, '>').replace(/^\s+|\s+$/g, ''))
    .filter((piece) => piece !== '');
}

/** Whatever of the original is not in the result, or not in that order. */
function lost(original: string, result: string): string[] {
  const left = pieces(result.replace(/ xmlns:qemu='[^']*'(?=[^>]*>\s*<)/, ''));
  const before = pieces(original.replace(/ xmlns:qemu='[^']*'(?=[^>]*>\s*<)/, ''));
  let position = 0;
  return before.filter((piece) => {
    const found = left.indexOf(piece, position);
    if (found >= 0) position = found + 1;
    return found < 0;
  });
}

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

test('comments anywhere, another order and any profile change none of that', async () => {
  const plans = new Map(
    await Promise.all(WITHOUT_CONFLICT.map(async ({ xml }) => [xml, await planForDomain(xml)] as const)),
  );
  const profiles = fc.record<Profile>({
    nodes: fc.constantFrom('element', 'commandline'),
    window: fc.constantFrom('element', 'commandline'),
    iommufd: fc.boolean(),
    acceleratedSmmu: fc.boolean(),
  });
  const between = fc.constantFrom('<!-- <acpi/> -->', '<!---->', '\n', ' ', '\t<?x <y/>?>', '\n  <!-- ghpass -->\n');
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(), between), { maxLength: 12 });
  const orders = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 6 });
  fc.assert(
    fc.property(
      fc.constantFrom(...WITHOUT_CONFLICT),
      changes,
      orders,
      profiles,
      profiles,
      (domain, inserts, swaps, profile, other) => {
        const document = parseXml(domain.xml);
        for (const [from, to] of swaps) swap(document.root.children, from, to);
        const holders = [document.root, ...descendants(document.root)].filter(
          (element) => element.elements().length > 0,
        );
        for (const [holder, position, text] of inserts) {
          const { children } = holders[holder % holders.length] ?? document.root;
          children.splice(position % (children.length + 1), 0, text);
        }
        const xml = document.serialize();
        const plan = plans.get(domain.xml)?.plan;
        if (!plan) throw new Error(`no plan for ${domain.name}`);
        const applied = applyPlan(xml, plan, profile);
        expect(lost(xml, applied)).toEqual([]);
        expect(applyPlan(applied, plan, profile)).toBe(applied);
        expect(applyPlan(applyPlan(applied, plan, other), plan, profile)).toBe(applied);
        expect(removeGpus(applied)).toBe(xml);
      },
    ),
    { numRuns: 300 },
  );
});

function hostdevs(xml: string): number {
  return parseXml(xml).root.find('devices')?.elements('hostdev').length ?? 0;
}

function descendants(element: XmlElement): XmlElement[] {
  return element.elements().flatMap((child) => [child, ...descendants(child)]);
}

function swap(children: (XmlElement | string)[], from: number, to: number): void {
  const [i, j] = [from % children.length, to % children.length];
  const [a, b] = [children[i], children[j]];
  if (a instanceof XmlElement && b instanceof XmlElement) [children[i], children[j]] = [b, a];
}
