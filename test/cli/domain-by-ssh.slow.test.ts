import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from '../libvirt/kit/libvirt-host.ts';
import { serveBySsh } from '../libvirt/kit/ssh-server.ts';
import { SUITES } from '../libvirt/kit/userland.ts';
import { canSeeOpenFiles, GPU } from './kit/grace-host.ts';
import { type GraceLibvirt, graceLibvirtIn } from './kit/grace-libvirt.ts';
import { stateOf, UNTOUCHED } from './kit/host-state.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

const FOREIGN = `<domain type='qemu'>
  <name>demo</name>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type></os>
  <features><acpi/><gic version='3'/></features>
  <cpu mode='maximum'/>
  <devices><memballoon model='none'/></devices>
</domain>
`;
const CREATE = ['create-vm', 'new', '--backend', 'libvirt', '--accel', 'tcg', '--memory', '1G'];
const PATIENCE_MS = 180_000;

const temporaryDirectory = temporaryDirectories();
const runnable = canRunLibvirt() && canSeeOpenFiles();

describe.runIf(runnable).each(SUITES)('libvirt of %s behind an sshd', { timeout: PATIENCE_MS }, (suite) => {
  beforeAll(() => {
    installedPackage();
  });

  describe.each([
    ['on this machine', ''],
    ['on another machine', 'grace01'],
  ])('%s', (_, name) => {
    let libvirt: LibvirtHost;
    let uri: string;
    let grace: GraceLibvirt;
    let old: string;
    beforeAll(async () => {
      libvirt = await startLibvirt(suite, { hostname: name });
      uri = await serveBySsh(libvirt);
    }, 600_000);
    afterAll(() => libvirt.stop());
    beforeEach(async () => {
      grace = graceLibvirtIn(temporaryDirectory(), libvirt);
      await grace.define(FOREIGN);
      old = (await grace.definition('demo')) ?? '';
      return async () => {
        await grace.virsh('undefine', '--nvram', 'demo');
      };
    });
    const run = (...args: string[]) => grace.run([...args, '--connect', uri]);

    test.runIf(name === '')('attach and detach: the same domain as before', async () => {
      expect(await run('attach', 'demo', GPU, '--yes')).toMatchObject({ status: 0, stdout: `demo has ${GPU}\n` });
      expect(await grace.definition('demo')).toMatch(/<ghpass:gpu address=['"]0009:01:00\.0/);
      expect(await run('detach', 'demo', '--yes')).toMatchObject({ status: 0 });
      expect(await grace.definition('demo')).toBe(old);
      const dry = await run(...CREATE, '--dry-run', '--emit', 'xml');
      expect(dry).toMatchObject({ status: 0, stdout: expect.stringContaining('<name>new</name>') });
      expect(stateOf(grace.host)).toEqual(UNTOUCHED);
    });

    test.runIf(name !== '').each([
      ['create-vm', [...CREATE, '--bind']],
      ['create-vm --dry-run', [...CREATE, '--dry-run']],
      ['smoke', ['smoke', '--backend', 'libvirt', '--accel', 'tcg', '--bind']],
      ['attach', ['attach', 'demo', GPU, '--yes']],
      ['attach --diff', ['attach', 'demo', GPU, '--diff']],
    ])('%s plans nothing for it from the GPUs of this one, and binds none', async (_command, args) => {
      const { status, stdout, stderr } = await run(...args);
      const words = `✖ libvirt at ${uri} runs its guests on ${name}, and the GPUs, the memory and the logs that ghpass reads are those of ${hostname()}\n  Code: libvirt.other-host`;
      expect(stderr).toContain(words);
      expect([status, stdout]).toEqual([2, '']);
      expect(await grace.definition('demo')).toBe(old);
      expect(stateOf(grace.host)).toEqual(UNTOUCHED);
    });

    test.runIf(name !== '')('a captured host is planned for it; its GPUs are taken out from here', async () => {
      const forEither = ['--host', 'builtin:gh200', '--profile', 'fallback'];
      const dry = await run('attach', 'demo', GPU, '--dry-run', ...forEither);
      expect(dry).toMatchObject({ status: 0, stdout: expect.stringContaining('<ghpass:gpu ') });
      await grace.define(dry.stdout);
      expect((await run('verify', 'demo')).stderr).toContain('Code: libvirt.other-host');
      expect(await run('detach', 'demo', '--yes')).toMatchObject({ status: 0 });
      expect(await grace.definition('demo')).toBe(old);
      expect(stateOf(grace.host)).toEqual(UNTOUCHED);
    });
  });
});
