import { describe, expect, test } from 'vitest';
import { LAYOUT_PREDICATES } from '../../src/checks/device/layouts/index.ts';
import { hostOf, LAYOUT_CASES } from './layout-cases.ts';
import { deviceFacts } from './made-up-hosts.ts';
import { NVLINK2_CASES } from './nvlink2-cases.ts';

const CASES = [...LAYOUT_CASES, ...NVLINK2_CASES];
const ALL = Object.values(LAYOUT_PREDICATES).flat();

describe.each(CASES.map((one) => [`${one.layout}: ${one.title}`, one] as const))('%s', (_title, one) => {
  const { layout, rule, message } = one;

  test(rule === '' ? 'breaks nothing' : `breaks "${rule}"`, async () => {
    const facts = await deviceFacts(hostOf(one));
    expect(facts.gpu.memory.layout).toBe(layout);
    const broken = LAYOUT_PREDICATES[layout].flatMap((predicate) => {
      const faults = predicate.faults(facts);
      return faults.length > 0 ? [{ rule: predicate.rule, faults }] : [];
    });
    expect(broken[0]?.rule ?? '').toBe(rule);
    expect(broken.flatMap(({ faults }) => faults).join('; ')).toBe(message);
  });
});

describe('the predicates', () => {
  test('are each broken by a case', () => {
    const broken = new Set(CASES.map(({ rule }) => rule));
    expect(ALL.map(({ rule }) => rule).filter((rule) => !broken.has(rule))).toEqual([]);
  });

  test('have rules of their own, and sources', () => {
    const rules = new Set(ALL.map(({ rule }) => rule));
    expect(rules.size).toBe(new Set(ALL).size);
    for (const { source } of ALL) expect(source).not.toBe('');
  });

  test('are silent in a layout of which there is a good case', () => {
    const good = new Set(CASES.filter(({ rule }) => rule === '').map(({ layout }) => layout));
    expect([...good].toSorted()).toEqual(Object.keys(LAYOUT_PREDICATES).toSorted());
  });
});
