import { expect, test } from 'vitest';
import { assess, examine } from '../../src/checks/check.ts';
import type { HostCheckFacts } from '../../src/checks/host/facts.ts';
import { HOST_CHECKS } from '../../src/checks/host/index.ts';
import type { Host } from '../../src/host/host.ts';
import { tryLibvirt } from '../../src/host/libvirt/libvirt-answer.ts';
import { readHostSettings } from '../../src/host/settings.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { describeCases } from './cases.ts';
import { HOST_CASES } from './host-cases.ts';
import { changed } from './made-up-hosts.ts';

async function hostFacts(host: Host): Promise<HostCheckFacts> {
  const { host: facts, gpus } = await collectGpus(host, [], { open: true });
  return { host: facts, settings: readHostSettings(host, facts), gpus, libvirt: await tryLibvirt(host) };
}

test('of a healthy host all is known, and nothing has to be said', async () => {
  const facts = await hostFacts(changed('/ghpass/about.json', '{}'));
  expect(assess(HOST_CHECKS, facts)).toEqual([]);
  expect(HOST_CHECKS.filter((check) => examine(check, facts).notKnown !== null).map(({ id }) => id)).toEqual([]);
});

describeCases(HOST_CHECKS, HOST_CASES, async ({ host }) => ({ facts: await hostFacts(host), subject: 'host' }));
