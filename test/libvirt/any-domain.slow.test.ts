import { expect, test } from 'vitest';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import type { Profile } from '../../src/libvirt/profile.ts';
import { parseXml, XmlElement } from '../../src/libvirt/xml.ts';
import fc from '../fixtures/fast-check.ts';
import { WITHOUT_CONFLICT } from './corpus.ts';
import { lost } from './lost.ts';
import { planForDomain } from './plan-for-domain.ts';

test('comments anywhere, another order and any profile: nothing lost, same again, same bytes back', {
  timeout: 120_000,
}, async () => {
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

function descendants(element: XmlElement): XmlElement[] {
  return element.elements().flatMap((child) => [child, ...descendants(child)]);
}

function swap(children: (XmlElement | string)[], from: number, to: number): void {
  const [i, j] = [from % children.length, to % children.length];
  const [a, b] = [children[i], children[j]];
  if (a instanceof XmlElement && b instanceof XmlElement) [children[i], children[j]] = [b, a];
}
