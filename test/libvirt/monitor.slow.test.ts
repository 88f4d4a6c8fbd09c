import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DomainGuest } from '../../src/guest/life/find-guest.ts';
import type { Observed, WatchedState } from '../../src/guest/monitor/observation.ts';
import { reduceView, unseenGuest } from '../../src/guest/monitor/view.ts';
import { watchGuests } from '../../src/guest/monitor/watch.ts';
import { temporaryDirectories } from '../cli/kit/temporary-directories.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';
import { canRunLibvirt, type LibvirtHost, startLibvirt } from './kit/libvirt-host.ts';
import { SUITES } from './kit/userland.ts';

const PATIENCE_MS = 180_000;
const SOON_MS = 2_000;
const DOMAIN = `<domain type='qemu'><name>demo</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
  <os firmware='efi'><type arch='aarch64' machine='virt'>hvm</type></os>
  <features><acpi/><gic version='3'/></features><cpu mode='maximum'/></domain>`;

const temporaryDirectory = temporaryDirectories();

describe.runIf(canRunLibvirt()).each(SUITES)('a monitor of libvirt of %s', { timeout: PATIENCE_MS }, (suite) => {
  let libvirt: LibvirtHost;
  const path = process.env.PATH;

  beforeAll(async () => {
    libvirt = await startLibvirt(suite);
    process.env.PATH = `${libvirt.tools}:${path}`;
  }, PATIENCE_MS);
  afterAll(async () => {
    process.env.PATH = path;
    await libvirt.stop();
  });

  const virsh = async (...args: string[]) => {
    const { status, stderr } = await libvirt.run('virsh', ['--connect=qemu:///system', ...args]);
    if (status !== 0) throw new Error(stderr);
  };
  const shell = (script: string) => libvirt.run('sh', ['-c', script]);

  const START_DAEMON = 'rm -f /run/libvirtd.pid; libvirtd --daemon < /dev/null > /dev/null 2>&1';

  // A machine that is busy enough is late once.
  test('says in time that a guest starts, pauses, panics and is killed, that the daemon goes, and goes on when it is back', {
    retry: 2,
  }, async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'demo.xml');
    writeFileSync(file, DOMAIN);
    await virsh('define', file);
    const consoleLog = join(directory, 'console.log');
    const { plan } = await planFacts(openMadeUp(graceHost([hopper()])));
    const domain = { name: 'demo', uri: 'qemu:///system', consoleLog };
    const guest: DomainGuest = { backend: 'libvirt', ...domain, plan, nextBoot: null };
    const seen: Observed[] = [];
    let view = unseenGuest('demo', 'libvirt');
    const states: WatchedState[] = [];
    const onObserved = (one: Observed) => {
      seen.push(one);
      const after = reduceView(view, one);
      if (after.state !== view.state) states.push(after.state);
      view = after;
    };
    const over = new AbortController();
    const watching = watchGuests([guest], { signal: over.signal, onObserved });
    /** Waits until a state is told after something was done. @returns how long that took. */
    const tells = async (state: WatchedState, action: () => Promise<unknown>) => {
      const from = states.length;
      await action();
      const start = Date.now();
      while (!states.slice(from).includes(state)) {
        if (Date.now() - start > 20_000) throw new Error(`${state} is not told: ${states}; ${view.detail}`);
        await sleep(20);
      }
      return Date.now() - start;
    };
    try {
      await tells('off', async () => undefined);
      expect(await tells('running', () => virsh('start', 'demo'))).toBeLessThan(SOON_MS);
      expect(await tells('paused', () => virsh('suspend', 'demo'))).toBeLessThan(SOON_MS);
      expect(await tells('running', () => virsh('resume', 'demo'))).toBeLessThan(SOON_MS);
      expect(seen).toContainEqual(
        expect.objectContaining({ type: 'event', name: 'lifecycle', data: { detail: 'Suspended Paused' } }),
      );
      for (const signal of ['KILL', 'TERM']) {
        expect(await tells('unknown', () => shell(`kill -${signal} $(cat /run/libvirtd.pid)`))).toBeLessThan(SOON_MS);
        await shell('while kill -0 $(cat /run/libvirtd.pid); do sleep 0.1; done');
        await tells('running', () => shell(START_DAEMON));
      }
      const line = '[    1.000000] Kernel panic - not syncing: VFS: Unable to mount root fs';
      expect(await tells('panicked', async () => appendFileSync(consoleLog, `${line}\n`))).toBeLessThan(SOON_MS);
      expect(await tells('died', () => shell('kill -9 $(cat /run/libvirt/qemu/demo.pid)'))).toBeLessThan(SOON_MS);
      expect(await tells('running', () => virsh('start', 'demo'))).toBeLessThan(SOON_MS);
      expect(await tells('off', () => virsh('destroy', 'demo'))).toBeLessThan(SOON_MS);
    } finally {
      over.abort();
      await watching;
      await shell(`kill -0 $(cat /run/libvirtd.pid) || { ${START_DAEMON}; }`);
      await virsh('destroy', 'demo').catch(() => undefined);
    }
  });
});
