import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from '../libvirt/kit/libvirt-host.ts';
import { SUITES } from '../libvirt/kit/userland.ts';
import { ghpassWords } from './kit/ghpass.ts';
import { canSeeOpenFiles, GPU } from './kit/grace-host.ts';
import { graceLibvirtIn } from './kit/grace-libvirt.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';

const temporaryDirectory = temporaryDirectories();
/** It runs without a GPU: one that is given to it comes at its next boot. */
const DOMAIN = `<domain type='qemu'><name>demo</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type></os>
  <features><acpi/><gic version='3'/></features><cpu mode='maximum'/>
  <devices><memballoon model='none'/></devices></domain>`;

const runnable = canRunLibvirt() && canSeeOpenFiles();

describe.runIf(runnable).each(SUITES)('ghpass monitor, on a terminal, with a domain of libvirt of %s', (suite) => {
  let libvirt: LibvirtHost;
  beforeAll(async () => {
    installedPackage();
    libvirt = await startLibvirt(suite);
  });
  afterAll(() => libvirt.stop());

  test('the screen follows: pause, going on, the end, and leaves the terminal as it was', async () => {
    const { host, ...grace } = graceLibvirtIn(temporaryDirectory(), libvirt);
    await grace.define(DOMAIN);
    await grace.virsh('start', 'demo');
    onTestFinished(async () => {
      await grace.virsh('destroy', 'demo').catch(() => undefined);
      await grace.virsh('undefine', '--nvram', 'demo');
    });
    expect(await grace.run(['attach', 'demo', GPU, '--yes'])).toMatchObject({ status: 0 });
    const terminal = host.inTerminal(ghpassWords(['monitor', 'demo']), { columns: 100, rows: 40 });
    await terminal.shows(
      /^demo {2}● running {2}libvirt, by events\n! demo runs as it was started, and gets 0009:01:00.0 /,
    );
    await grace.virsh('suspend', 'demo');
    await terminal.shows(
      /^demo {2}‖ paused .*\n! demo is paused\n {2}Try this: virsh --connect=qemu:\/\/\/system resume demo/,
    );
    await terminal.shows('lifecycle Suspended Paused');
    await grace.virsh('resume', 'demo');
    await terminal.shows(/^demo {2}● running/);
    await grace.virsh('destroy', 'demo');
    await terminal.shows(/^demo {2}○ off .*\n! demo is off: destroyed\n/);
    terminal.resize(60, 14);
    await terminal.shows(/^demo {2}○ off .*\n! demo is off: destroyed\n.*q quit/s);
    expect(terminal.screen().length).toBeLessThanOrEqual(14);
    expect(terminal.screen().filter((row) => row.length > 60)).toEqual([]);
    terminal.type('q');
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
    expect(terminal.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, plainText: true });
    // What it waited for before, on a machine that is busy, stays.
    expect(terminal.screen().filter((row) => !row.startsWith('waiting for '))).toEqual([]);
    await expect.poll(() => host.processes(), { timeout: 20_000 }).toEqual([]);
  });
});
