import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEWEST_LIBVIRT } from '../../src/host/programs/newest-tools.ts';
import { applyPlan, removeGpus } from '../../src/libvirt/apply-plan.ts';
import { baseDomain } from '../../src/libvirt/base-domain.ts';
import { FALLBACK, type Profile, profileOf } from '../../src/libvirt/profile.ts';
import { droppedBy } from '../../src/libvirt/read-back.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { Virsh } from '../../src/libvirt/virsh.ts';
import { parseXml } from '../../src/libvirt/xml.ts';
import fc from '../fixtures/fast-check.ts';
import { TOOLS } from '../fixtures/grace-host.ts';
import { hostileDomainName, hostilePath, hostileText } from '../fixtures/hostile-text.ts';
import { withEnvironment } from './kit/fake-virsh.ts';
import { canRunLibvirt, emulated, type LibvirtHost, startLibvirt } from './kit/libvirt-host.ts';
import type { Suite } from './kit/userland.ts';
import { planForDomain } from './plan-for-domain.ts';

const TEMPLATE = readFileSync(join(import.meta.dirname, '../../templates/domain.xml'), 'utf8');
const MINIMAL = readFileSync(join(import.meta.dirname, 'corpus/minimal.xml'), 'utf8');
/** Each is a domain that is defined, read, made a command line of, and undefined. */
const TRIES = 20;

/** What a domain says where somebody's text stands. */
function textsOf(xml: string) {
  const { root } = parseXml(xml);
  const devices = root.find('devices');
  return {
    name: root.find('name')?.content,
    title: root.find('title')?.text,
    description: root.find('description')?.text,
    disks: devices?.elements('disk').map((disk) => disk.find('source')?.attribute('file')),
    log: devices?.find('serial', 'log')?.attribute('file'),
    boot: ['kernel', 'initrd', 'cmdline'].map((name) => root.find('os', name)?.text),
  };
}

describe.runIf(canRunLibvirt()).each<[Suite, string, Profile]>([
  ['trixie', 'fallback', FALLBACK],
  ['sid', 'native', profileOf(NEWEST_LIBVIRT)],
])('libvirt of %s, %s profile', { timeout: 600_000 }, (suite, _name, profile) => {
  let host: LibvirtHost;
  beforeAll(async () => {
    host = await startLibvirt(suite);
  }, 600_000);
  afterAll(() => host.stop());

  /** Defines a domain with GPUs that are added. @returns what libvirt keeps and would start; null where it refuses. */
  async function through(virsh: Virsh, base: string): Promise<{ kept: string; argv: string[] } | null> {
    const { plan } = await planForDomain(base);
    const given = applyPlan(base, plan, profile);
    const { name } = plan;
    try {
      await virsh.define(given);
    } catch (error) {
      expect(error).toMatchObject({ code: 'libvirt.invalid-xml' });
      expect(await virsh.domainNames()).toEqual([]);
      return null;
    }
    const kept = await virsh.dumpXml(name, { inactive: true });
    expect(droppedBy(given, kept)).toEqual([]);
    expect(await virsh.domainNames()).toEqual([name]);
    const argv = await virsh.nativeArgv(kept);
    await virsh.undefine(name, { nvram: true });
    return { kept, argv };
  }

  const behind = (argv: readonly string[], flag: string) => argv[argv.indexOf(flag) + 1] ?? '';
  const nameIn = (argv: readonly string[]) =>
    /^guest=((?:[^,]|,,)*)/.exec(behind(argv, '-name'))?.[1]?.replaceAll(',,', ',');

  test('names, titles and descriptions of somebody else’s domain are what they were, with GPUs and without', async () => {
    withEnvironment({ PATH: `${host.tools}:${process.env.PATH}` });
    const virsh = new Virsh();
    await fc.assert(
      fc.asyncProperty(hostileDomainName, hostileText, hostileText, async (name, title, description) => {
        const document = parseXml(emulated(MINIMAL));
        document.root.find('name')?.setText(name);
        const described = document.serialize().replace('</name>', '</name><title/><description/>');
        const texts = parseXml(described);
        texts.root.find('title')?.setText(title);
        texts.root.find('description')?.setText(description);
        const result = await through(virsh, texts.serialize());
        for (const xml of [result?.kept ?? '', removeGpus(result?.kept ?? '')]) {
          expect(textsOf(xml)).toMatchObject({ name, title, description });
        }
        expect(nameIn(result?.argv ?? [])).toBe(name);
      }),
      { numRuns: TRIES, endOnFailure: true },
    );
  });

  test('paths of a domain that ghpass makes reach QEMU as they are, or libvirt refuses the domain', async () => {
    withEnvironment({ PATH: `${host.tools}:${process.env.PATH}` });
    const virsh = new Virsh();
    const { plan } = await planForDomain(emulated(MINIMAL));
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(hostilePath, { minLength: 5, maxLength: 5 }), hostileText, async (paths, append) => {
        const [disk = '', seed = '', kernel = '', initrd = '', consoleLog = ''] = paths;
        const disks = [
          { path: disk, format: 'qcow2' as const },
          { path: seed, format: 'raw' as const, readOnly: true as const },
        ];
        const base = baseDomain(
          TEMPLATE,
          { ...plan, boot: { kernel, initrd, append, disks } },
          { uuid: null, consoleLog, tools: TOOLS },
        );
        const result = await through(virsh, base);
        if (result === null) return;
        accepted += 1;
        expect(textsOf(result.kept)).toMatchObject({
          disks: [disk, seed],
          log: consoleLog,
          boot: [kernel, initrd, append].map((text) => text.trim()),
        });
        const files = result.argv.flatMap((word, i) =>
          word === '-blockdev' ? [(JSON.parse(result.argv[i + 1] ?? '{}') as { filename?: string }).filename] : [],
        );
        expect(files).toEqual(expect.arrayContaining([disk, seed]));
        expect(['-kernel', '-initrd', '-append'].map((flag) => behind(result.argv, flag))).toEqual([
          kernel,
          initrd,
          append,
        ]);
        expect(readDomain(result.kept).consoleLog).toBe(consoleLog);
      }),
      { numRuns: TRIES, endOnFailure: true },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
