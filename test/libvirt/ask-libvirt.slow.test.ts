import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { askLibvirt } from '../../src/host/libvirt/libvirt.ts';
import { FALLBACK, profileOf } from '../../src/libvirt/profile.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from './kit/libvirt-host.ts';
import type { Suite } from './kit/userland.ts';

const URI = 'qemu:///system';
const OLD = {
  uri: URI,
  version: [11, 3, 0],
  acpiNodeset: false,
  emptyCells: false,
  pciHole64: false,
  iommufd: false,
  acceleratedSmmu: false,
};
const NEW = {
  uri: URI,
  version: [12, 8, 0],
  acpiNodeset: true,
  emptyCells: true,
  pciHole64: true,
  iommufd: true,
  acceleratedSmmu: true,
};

function ask(host: LibvirtHost) {
  const { PATH, XDG_CACHE_HOME } = process.env;
  process.env.PATH = `${host.tools}:${PATH}`;
  process.env.XDG_CACHE_HOME = temporaryDirectory();
  onTestFinished(() => {
    process.env.PATH = PATH;
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
  });
  return askLibvirt(URI);
}

describe.runIf(canRunLibvirt()).each<[Suite, boolean, object, object]>([
  ['trixie', true, OLD, FALLBACK],
  ['sid', true, NEW, { nodes: 'element', window: 'element', iommufd: true, acceleratedSmmu: true }],
  ['trixie', false, OLD, FALLBACK],
  [
    'sid',
    false,
    { ...NEW, iommufd: false },
    { nodes: 'element', window: 'element', iommufd: false, acceleratedSmmu: true },
  ],
])('libvirt of %s, VFIO: %s', (suite, vfio, facts, profile) => {
  let host: LibvirtHost;
  beforeAll(async () => {
    host = await startLibvirt(suite, { vfio });
  });
  afterAll(() => host.stop());

  test('says what it makes of each element, and gets the profile that fits', async () => {
    const known = await ask(host);
    expect(known).toEqual(facts);
    expect(known && profileOf(known)).toEqual(profile);
  });
});
