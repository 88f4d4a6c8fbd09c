import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { droppedBy } from '../../src/libvirt/read-back.ts';
import { Virsh } from '../../src/libvirt/virsh.ts';
import { parseXml } from '../../src/libvirt/xml.ts';
import { withEnvironment } from './kit/fake-virsh.ts';
import { canRunLibvirt, emulated, type LibvirtHost, startLibvirt } from './kit/libvirt-host.ts';
import { SUITES } from './kit/userland.ts';

const RECORDED = join(import.meta.dirname, '../fixtures/read-back');
const given = (name: string) => readFileSync(join(RECORDED, `${name}.given.xml`), 'utf8');
const escaped = (name: string) => name.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A domain that starts on any CPU, with nothing in it. */
function plain(name: string, devices = ''): string {
  return `<domain type='qemu'><name>${escaped(name)}</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='aarch64' machine='virt'>hvm</type></os><devices><emulator>/usr/bin/qemu-system-aarch64</emulator>${devices}<memballoon model='none'/></devices></domain>`;
}

const failure = (code: string, words: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(words) });

describe.runIf(canRunLibvirt()).each(SUITES)('libvirt of %s', (suite) => {
  let host: LibvirtHost;
  let virsh: Virsh;
  beforeAll(async () => {
    host = await startLibvirt(suite);
  });
  afterAll(() => host.stop());
  const connect = () => {
    withEnvironment({ PATH: `${host.tools}:${process.env.PATH}` });
    virsh = new Virsh();
  };

  test.each(['demo', '5', '-x', '--help', "a b 'c", 'a ', '$(reboot)&<', '11111111-2222-3333-4444-555555555555'])(
    'a domain that is called %s lives and goes',
    async (name) => {
      connect();
      await virsh.define(plain('1'));
      await virsh.define(plain(name));
      expect(await virsh.domainNames()).toEqual(expect.arrayContaining(['1', name]));
      await virsh.start(name);
      expect([await virsh.state(name), await virsh.state('1')]).toEqual(['running', 'shut off']);
      await virsh.destroy(name);
      const { root } = parseXml(await virsh.dumpXml(name, { inactive: true }));
      expect(root.find('name')?.content).toBe(name);
      await virsh.undefine(name, { nvram: true });
      await virsh.undefine('1', { nvram: false });
      expect(await virsh.domainNames()).toEqual([]);
    },
  );

  test('refuses what is wrong, in its own words, and keeps nothing of it', async () => {
    connect();
    await expect(virsh.define(plain('extra', '<frobnicator/>'))).rejects.toThrow(
      failure('libvirt.invalid-xml', 'Extra element devices in interleave'),
    );
    await expect(virsh.define('<domain>')).rejects.toThrow(failure('libvirt.invalid-xml', 'at line 1'));
    await expect(virsh.state('extra')).rejects.toThrow(failure('libvirt.no-domain', "failed to get domain 'extra'"));
    const disk = "<disk type='file'><source file='/nonexistent'/><target dev='vda'/></disk>";
    await virsh.define(plain('demo', disk));
    await expect(virsh.define(plain('demo'))).rejects.toThrow(failure('libvirt.domain-exists', 'already exists'));
    await expect(virsh.start('demo')).rejects.toThrow(failure('libvirt.start-failed', "'/nonexistent'"));
    await expect(virsh.destroy('demo')).rejects.toThrow(failure('libvirt.domain-state', 'domain is not running'));
    await virsh.undefine('demo', { nvram: true });
  });

  test('ties nodes to a GPU, or keeps nothing of that and says so only where its schema is asked', async () => {
    connect();
    const xml = emulated(given('native'));
    if (suite === 'trixie') {
      expect(await host.validate(xml)).toEqual(
        expect.arrayContaining([expect.stringContaining('Extra element devices')]),
      );
      await expect(virsh.define(xml)).rejects.toThrow(failure('libvirt.invalid-xml', 'Extra element devices'));
      return;
    }
    expect(await host.validate(xml)).toEqual([]);
    const argv = await virsh.nativeArgv(xml);
    expect(argv[0]).toBe('/usr/bin/qemu-system-aarch64');
    const initiators = (words: readonly string[]) => words.filter((word) => word.includes('acpi-generic-initiator'));
    expect(initiators(argv)).toHaveLength(1);
    expect(initiators(await host.domxmlToNative(xml))).toHaveLength(1);
    await virsh.define(xml);
    expect(droppedBy(xml, await virsh.dumpXml('native', { inactive: true }))).toEqual([]);
    await virsh.undefine('native', { nvram: true });
  });

  test('keeps all of a domain that says the same by arguments of QEMU', async () => {
    connect();
    const xml = given('fallback');
    expect(await host.validate(xml)).toEqual([]);
    await virsh.define(xml);
    expect(droppedBy(xml, await virsh.dumpXml('fallback', { inactive: true }))).toEqual([]);
    expect(await virsh.nativeArgv(xml)).toEqual(expect.arrayContaining(['highmem-mmio-size=1T', 'node,nodeid=1']));
    await virsh.undefine('fallback', { nvram: true });
  });

  test('is missed when it ends', async () => {
    connect();
    await host.run('/bin/sh', [
      '-c',
      'kill "$(cat /run/libvirtd.pid)"; while [ -e /run/libvirtd.pid ]; do sleep 0.1; done',
    ]);
    await expect(virsh.domainNames()).rejects.toThrow(failure('libvirt.unreachable', 'No such file or directory'));
  });
});
