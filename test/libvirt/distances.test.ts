import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NEWEST_LIBVIRT } from '../../src/host/programs/newest-tools.ts';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import { profileOf } from '../../src/libvirt/profile.ts';
import { planForDomain } from './plan-for-domain.ts';

const NATIVE = profileOf(NEWEST_LIBVIRT);
const corpus = (name: string) => readFileSync(join(import.meta.dirname, 'corpus', `${name}.xml`), 'utf8');
const withGpu = async (xml: string) => applyPlan(xml, (await planForDomain(xml)).plan, NATIVE);
/** What libvirt 12.8 adds to a cell with distances: that to itself. */
const ownDistance = (id: number) => `<sibling id='${id}' value='10'/>`;
const addedBy = (xml: string) =>
  xml.replace(/<cell id='(\d+)'[^>]*>\s*<distances>/g, (tag, id) => tag + ownDistance(id));

test('distances of a cell to itself, which libvirt adds, go with those to the GPUs', async () => {
  for (const name of ['cell-one', 'cells-hmat']) {
    const xml = corpus(name);
    const kept = addedBy(await withGpu(xml));
    expect(kept).toContain(ownDistance(0));
    expect(removeGpus(kept)).toBe(xml);
  }
});

test('those that somebody else wrote stay, before and after', async () => {
  const before = corpus('cell-one').replace(/(<cell [^>]*)\/>/, `$1><distances>${ownDistance(0)}</distances></cell>`);
  expect(removeGpus(await withGpu(before))).toBe(before);
  const xml = corpus('cells-hmat');
  const edited = (await withGpu(xml)).replace('<distances>', "<distances><sibling id='1' value='33'/>");
  expect(removeGpus(edited)).toMatch(/<cell id='0'[^>]*>\s*<distances><sibling id='1' value='33'\/>\s*<\/distances>/);
});
