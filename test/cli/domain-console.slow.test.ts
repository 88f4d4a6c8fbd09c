import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from '../libvirt/kit/libvirt-host.ts';
import { COUNT, POWER_OFF, serialGuest } from '../qemu/kit/serial-guest.ts';
import { ghpassWords } from './kit/ghpass.ts';
import { canHaveOwnMounts } from './kit/grace-host.ts';
import { type GraceLibvirt, graceLibvirtIn } from './kit/grace-libvirt.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import type { TestTerminal } from './kit/terminal.ts';

const temporaryDirectory = temporaryDirectories();
const LEAVE = '\x1d';

/** The guest that echoes, as a domain; what loads its program has no element in libvirt. */
function echoing(log: string | null): string {
  const words = serialGuest();
  const program = words.slice(words.indexOf('-device')).map((word) => `<qemu:arg value='${word}'/>`);
  const logged = log === null ? '' : `<log file='${log}' append='off'/>`;
  return `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>demo</name>
    <memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='aarch64' machine='virt'>hvm</type></os>
    <cpu mode='maximum'/><devices><emulator>/usr/bin/qemu-system-aarch64</emulator>
    <serial type='pty'>${logged}</serial><memballoon model='none'/></devices>
    <qemu:commandline>${program.join('')}</qemu:commandline></domain>`;
}

describe.runIf(canRunLibvirt() && canHaveOwnMounts())('ghpass attach, with a domain of a real libvirt', () => {
  let libvirt: LibvirtHost;
  beforeAll(async () => {
    installedPackage();
    libvirt = await startLibvirt('sid');
  });
  afterAll(() => libvirt.stop());

  async function running(isLogged: boolean): Promise<GraceLibvirt> {
    const directory = temporaryDirectory();
    const grace = graceLibvirtIn(directory, libvirt);
    await grace.define(echoing(isLogged ? `${directory}/console.log` : null));
    await grace.virsh('start', 'demo');
    onTestFinished(() => end(grace));
    return grace;
  }
  async function end(grace: GraceLibvirt): Promise<void> {
    if ((await grace.virsh('domstate', 'demo')).trim() === 'running') await grace.virsh('destroy', 'demo');
    await grace.virsh('undefine', 'demo');
  }
  const attach = ({ host }: GraceLibvirt, ...args: string[]): TestTerminal =>
    host.inTerminal(ghpassWords(['attach', 'demo', ...args]), { columns: 120 });

  test('types, leaves, comes back to its log, looks on, and sees it end', async () => {
    const grace = await running(true);
    const first = attach(grace);
    await first.shows('[console of demo (qemu:///system): Ctrl-] leaves, and the guest goes on]');
    first.type('hello');
    await first.shows('\nhello');
    const second = attach(grace);
    await second.shows(/\[read only: process \d+ \(ghpass attach\) has the keyboard\]\nhello/);
    first.type(LEAVE);
    expect(await first.ended).toEqual({ status: 0, signal: 0 });
    await second.shows('the keyboard is free, Enter takes it');
    second.type('\r');
    await second.shows('the keyboard is yours');
    second.type(`${COUNT}`);
    await expect.poll(() => second.written(), { timeout: 20_000 }).toContain('00000100');
    second.type(COUNT);
    const numbers = [...second.written().matchAll(/([0-9a-f]{8})\r\n/g)].map(([, number = '']) =>
      Number.parseInt(number, 16),
    );
    expect(numbers).toEqual(numbers.map((_, i) => i));
    second.type(POWER_OFF);
    await second.shows('demo has ended');
    expect(await second.ended).toEqual({ status: 0, signal: 0 });
  });

  test('without a log the console begins when one attaches; a virsh console is left in peace', async () => {
    const grace = await running(false);
    const first = attach(grace);
    await first.shows('[what the guest wrote before is not known here]');
    first.type('hello');
    await first.shows('\nhello');
    first.type(LEAVE);
    expect(await first.ended).toEqual({ status: 0, signal: 0 });
    const theirs = grace.host.inTerminal(['virsh', '--connect=qemu:///system', 'console', 'demo']);
    await theirs.shows('Escape character');
    theirs.type('theirs');
    await theirs.shows('theirs');
    const second = attach(grace);
    await second.shows('read only: another program has the console');
    await second.shows('✖ somebody else has the console of demo, and its log is out of reach');
    expect(await second.ended).toEqual({ status: 1, signal: 0 });
    theirs.type('still');
    await theirs.shows('theirsstill');
  });

  test('where node-pty was not compiled virsh has the terminal itself, and leaves it as it was', async () => {
    const grace = await running(true);
    const writer = attach(grace);
    await writer.shows('Ctrl-]');
    writer.type('before');
    await writer.shows('before');
    writer.type(LEAVE);
    await writer.ended;
    const hook = join(temporaryDirectory(), 'without-node-pty.cjs');
    writeFileSync(
      hook,
      `const { Module } = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = (name, ...rest) => {
  if (name === 'node-pty') throw new Error('not compiled');
  return resolve(name, ...rest);
};
`,
    );
    const script = 'stty -g; "$@"; echo "status $?"; stty -g; exec cat';
    const words = ghpassWords(['attach', 'demo', '--escape', '^A']);
    const env = { NODE_OPTIONS: `--require ${hook}` };
    const terminal = grace.host.inTerminal(['sh', '-c', script, 'sh', ...words], { columns: 120, env });
    await terminal.shows(/Ctrl-A leaves, and the guest goes on\]\nbefore/);
    // virsh throws away what was typed before it was ready, and looks for its key in the first byte of what it reads at once.
    let tries = 0;
    const isEchoed = () => {
      tries += 1;
      terminal.type(`\x1d<${tries}>`);
      return terminal.shows(new RegExp(`[^\\]]<${tries}>`), 500).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(isEchoed, { timeout: 20_000 }).toBe(true);
    terminal.type('\x01');
    await terminal.shows(/left demo, which goes on.*\nstatus 0\n/s);
    const settings = () => terminal.history().filter((line) => /^[0-9a-f:]{40,}$/.test(line));
    await expect.poll(() => settings().length, { timeout: 20_000 }).toBe(2);
    expect(settings()[1]).toBe(settings()[0]);
  });
});
