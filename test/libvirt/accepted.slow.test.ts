import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NEWEST_LIBVIRT } from '../../src/host/programs/newest-tools.ts';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import { FALLBACK, type Profile, profileOf } from '../../src/libvirt/profile.ts';
import { droppedBy } from '../../src/libvirt/read-back.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { Virsh } from '../../src/libvirt/virsh.ts';
import { WITHOUT_CONFLICT } from './corpus.ts';
import { withEnvironment } from './kit/fake-virsh.ts';
import { canRunLibvirt, emulated, type LibvirtHost, startLibvirt } from './kit/libvirt-host.ts';
import type { Suite } from './kit/userland.ts';
import { planForDomain } from './plan-for-domain.ts';

/** Domains that a libvirt refuses before ghpass has done anything to them, and what it says. */
const REFUSED: Readonly<Record<Suite, Readonly<Record<string, string>>>> = {
  trixie: {
    pcihole64: 'Setting the 64-bit PCI hole size is not supported for machine',
    'secure-boot': "Unable to find 'efi' firmware that is compatible with the current configuration",
  },
  sid: {
    'secure-boot': "Unable to find 'efi' firmware that is compatible with the current configuration",
  },
};

/** Domains of which no command line can be made on this machine, with the GPUs or without. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'cells-two-distances': 'NUMA node 1 is unavailable',
  'hostdev-network': "argument key 'driver' must not have null value",
  'hostdev-usb-scsi': "cannot open directory '/sys/bus/scsi/devices/0:0:0:0/scsi_generic'",
  'hugepages-per-cell': 'NUMA node 1 is unavailable',
  'metadata-openstack': 'no connection driver available for secret:///system',
  'numatune-memnode': 'Advice from numad is needed',
  'snapshot-chain': 'no connection driver available for storage:///system',
};

describe.runIf(canRunLibvirt()).each<[Suite, string, Profile]>([
  ['trixie', 'fallback', FALLBACK],
  ['sid', 'native', profileOf(NEWEST_LIBVIRT)],
])('libvirt of %s, %s profile', (suite, _name, profile) => {
  let host: LibvirtHost;
  let virsh: Virsh;
  beforeAll(async () => {
    host = await startLibvirt(suite);
  }, 600_000);
  afterAll(() => host.stop());
  beforeEach(() => {
    withEnvironment({ PATH: `${host.tools}:${process.env.PATH}` });
    virsh = new Virsh();
  });

  /** Defines a domain. @returns it as libvirt keeps it. */
  async function define(xml: string): Promise<string> {
    await virsh.define(xml);
    return virsh.dumpXml(readDomain(xml).name, { inactive: true });
  }
  /** As {@link define}, and nothing of it is lost. */
  async function keep(xml: string): Promise<string> {
    const kept = await define(xml);
    expect(droppedBy(xml, kept)).toEqual([]);
    return kept;
  }
  const withGpus = async (xml: string, count: number) =>
    applyPlan(xml, (await planForDomain(xml, count)).plan, profile);

  const isRefused = (name: string) => name in REFUSED[suite];
  const accepted = WITHOUT_CONFLICT.filter(({ name }) => !isRefused(name));
  const refused = WITHOUT_CONFLICT.filter(({ name }) => isRefused(name));

  test('what is said to be refused is there', () => {
    expect(refused.map(({ name }) => name).toSorted()).toEqual(Object.keys(REFUSED[suite]).toSorted());
    expect(accepted.length).toBeGreaterThanOrEqual(60);
  });

  test.each(refused)('$name is refused, and for the same reason without the GPUs', async ({ name, xml }) => {
    const original = emulated(xml);
    for (const domain of [original, await withGpus(original, 2)]) {
      await expect(virsh.define(domain)).rejects.toThrow(REFUSED[suite][name] ?? '');
    }
  });

  test.each(accepted)('$name is accepted with GPUs, and is what it was without them', async ({ name, xml }) => {
    const before = await define(emulated(xml));
    const applied = await keep(await withGpus(before, 1));
    expect(await outcomeOf(() => virsh.nativeArgv(applied))).toMatch(NOT_HERE[name] ?? /^$/);
    expect(await keep(removeGpus(applied))).toBe(before);
    if (name in NOT_HERE) expect(await outcomeOf(() => virsh.nativeArgv(before))).toMatch(NOT_HERE[name] ?? '');
    await virsh.undefine(readDomain(xml).name, { nvram: true });
  });

  test.each(accepted)('$name is accepted as it comes from a file, and so is what is left of it', async ({ xml }) => {
    const original = emulated(xml);
    const applied = await withGpus(original, 2);
    const kept = await define(applied);
    const left = await define(removeGpus(kept));
    await virsh.undefine(readDomain(xml).name, { nvram: true });
    const lost = new Set(namesOf(droppedBy(original, await define(original))));
    for (const [given, got] of [
      [applied, kept],
      [original, left],
    ] as const) {
      expect(namesOf(droppedBy(given, got)).filter((path) => !lost.has(path))).toEqual([]);
    }
    await virsh.undefine(readDomain(xml).name, { nvram: true });
  });
});

/** What libvirt says where it refuses; empty where it does not. */
async function outcomeOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Paths without the positions among siblings, which are others where there are more of them. */
function namesOf(paths: readonly string[]): string[] {
  return paths.map((path) => path.replace(/\[\d+\]/g, ''));
}
