import { describe, expect, test } from 'vitest';
import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { GhpassError } from '../../src/errors.ts';
import { prepareGuest } from '../../src/guest/prepare.ts';
import { BROKEN_HOSTS } from '../../src/host/builtin/broken/index.ts';
import { BUILTIN_HOSTS } from '../../src/host/builtin/index.ts';
import type { Host } from '../../src/host/host.ts';
import { openHost } from '../../src/host/open.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { REQUEST } from '../fixtures/plan.ts';

/** Broken in a way that neither the checks of devices nor those of plans look at. */
const SEEN_BY_OTHERS = [
  'broken-asleep',
  'broken-dead-config',
  'broken-fallback-leak',
  'broken-iommu-passthrough',
  'broken-no-reset',
  'broken-no-variant-driver',
  'broken-no-vfio',
  'broken-nvidia-in-use',
  'broken-reserved-regions',
  'broken-virtual-functions',
];

/** Ids of all that is said of a host and its GPUs, and of a guest that gets all of them. */
async function findingsOf(host: Host): Promise<string[]> {
  try {
    const { host: facts, gpus } = await collectGpus(host, [], { open: true });
    const ofDevices = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
    const addresses = gpus.map(({ pci }) => pci.address);
    const ofPlan = await prepareGuest(host, addresses, REQUEST, { open: true }).then(
      ({ findings }) => findings,
      codeOf,
    );
    return [...ofDevices, ...ofPlan].map(({ id }) => id);
  } catch (error) {
    return codeOf(error).map(({ id }) => id);
  }
}

function codeOf(error: unknown): { id: string }[] {
  if (error instanceof GhpassError) return [{ id: error.code }];
  throw error;
}

describe.each(Object.entries(BROKEN_HOSTS))('%s', (name, make) => {
  const { what, finding } = make();

  test(`has what it says it has: ${what}`, async () => {
    const isSeen = (await findingsOf(await openHost(`builtin:${name}`))).includes(finding);
    expect(isSeen).toBe(!SEEN_BY_OTHERS.includes(name));
  });

  test('says what is wrong with it, and that its numbers are nobody’s', async () => {
    const { source } = await openHost(`builtin:${name}`);
    expect(source.synthetic).toBe(`${what}; ${make().host.about}`);
    expect(source.synthetic).toMatch(/not those of a real board$/);
  });
});

test.each(Object.keys(BUILTIN_HOSTS).filter((name) => !name.startsWith('broken-')))('%s has nothing broken', async (name) => {
  const host = await openHost(`builtin:${name}`);
  const { host: facts, gpus } = await collectGpus(host, [], { open: true });
  expect(gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }))).toEqual([]);
  expect(host.source.synthetic).toMatch(/not those of a real board$/);
});

test('the hosts that others see are all there', () => {
  expect(Object.keys(BROKEN_HOSTS)).toEqual(expect.arrayContaining(SEEN_BY_OTHERS));
});
