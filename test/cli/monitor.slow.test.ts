import { appendFileSync, readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GuestPlan } from '../../src/plan/guest-plan.ts';
import type { MonitorLine } from '../../src/ui/monitor/json-lines.ts';
import { graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { planFacts } from '../fixtures/plan.ts';
import { findQemu, type QemuCommand } from '../qemu/kit/qemu-binary.ts';
import { canHaveOwnMounts } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { MonitoredHost } from './kit/monitored.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import type { TestTerminal } from './kit/terminal.ts';

const PATIENCE_MS = 180_000;
/** A monitor says what happened within this time. */
const SOON_MS = 2_000;

const temporaryDirectory = temporaryDirectories();
let qemu: QemuCommand;
let plan: GuestPlan;
const started: { kill(signal: 'SIGKILL'): boolean }[] = [];

beforeAll(async () => {
  installedPackage();
  qemu = await findQemu();
  ({ plan } = await planFacts(openMadeUp(graceHost([hopper()]))));
}, PATIENCE_MS);
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

const isState =
  (state: string, guest = 'demo') =>
  (line: MonitorLine) =>
    line.type === 'state' && line.state === state && line.guest === guest;

async function guestOn(host: MonitoredHost, name = 'demo'): Promise<void> {
  started.push(await host.startGuest(name));
}

function linesOf(host: MonitoredHost, ...args: string[]) {
  const lines = host.lines([...args, '--json']);
  started.push(lines.child);
  return lines;
}

describe.skipIf(!canHaveOwnMounts())('a monitor of real QEMUs', { timeout: PATIENCE_MS }, () => {
  const newHost = () => new MonitoredHost(temporaryDirectory(), qemu, plan);

  // A machine that is busy enough is late once.
  test('says within two seconds that a guest runs, pauses, panics, dies and comes back, and Ctrl-C ends it', {
    retry: 2,
  }, async () => {
    const host = newHost();
    await guestOn(host);
    const lines = linesOf(host, 'demo');
    await lines.line((line) => line.type === 'watching' && line.by === 'events');
    await lines.line(isState('paused'));

    for (const [command, state] of [['cont', 'running'] as const, ['stop', 'paused'] as const]) {
      const before = Date.now();
      const seen = lines.all().length;
      await host.tell('demo', command);
      const { cameAtMs } = await lines.line((line) => line.sequence >= seen && isState(state)(line));
      expect(cameAtMs - before).toBeLessThan(SOON_MS);
    }
    expect(await lines.line((line) => line.type === 'event' && line.name === 'STOP')).toBeTruthy();

    const panic = 'Kernel panic - not syncing: VFS: Unable to mount root fs';
    let before = Date.now();
    appendFileSync(host.path('demo', 'console.log'), `[    1.000000] ${panic}\n`);
    const panicked = await lines.line(isState('panicked'));
    expect(panicked).toMatchObject({ detail: panic });
    expect(panicked.cameAtMs - before).toBeLessThan(SOON_MS);

    before = Date.now();
    process.kill(host.pid('demo'), 'SIGKILL');
    const died = await lines.line(isState('died'));
    expect(died).toMatchObject({ detail: expect.stringContaining('ended and said nothing') });
    expect(died.cameAtMs - before).toBeLessThan(SOON_MS);

    const seen = lines.all().length;
    await guestOn(host);
    await lines.line((line) => line.sequence >= seen && line.type === 'started');
    await lines.line((line) => line.sequence >= seen && isState('paused')(line));

    lines.child.kill('SIGINT');
    expect(await lines.status).toBe(130);
    expect(lines.all().at(-1)).toMatchObject({ type: 'end', reason: 'interrupted' });
    expect(lines.all().map(({ sequence }) => sequence)).toEqual(lines.all().map((_, i) => i));
  });

  test('says within two seconds that a guest told QEMU of its panic', { retry: 2 }, async () => {
    const host = newHost();
    await guestOn(host);
    const lines = linesOf(host, 'demo');
    await lines.line((line) => line.type === 'watching' && line.by === 'events');
    await lines.line(isState('paused'));
    const before = Date.now();
    await host.panic('demo');
    const { cameAtMs, ...panicked } = await lines.line(isState('panicked'));
    expect(panicked).toMatchObject({ detail: 'the guest told QEMU that it panicked' });
    expect(cameAtMs - before).toBeLessThan(SOON_MS);
    expect(lines.all()).toContainEqual(
      expect.objectContaining({ type: 'event', name: 'GUEST_PANICKED', data: { action: 'pause' } }),
    );
  });

  test('with --until-gone, ends when the guest has left in order', async () => {
    const host = newHost();
    await guestOn(host);
    const lines = linesOf(host, 'demo', '--until-gone');
    await lines.line((line) => line.type === 'watching');
    await host.tell('demo', 'quit').catch(() => undefined);
    expect(await lines.line(isState('off'))).toMatchObject({ detail: 'host-qmp-quit' });
    expect(await lines.status).toBe(0);
    expect(lines.all().at(-1)).toMatchObject({ type: 'end', reason: 'gone' });
  });

  test('a second monitor asks once a second, says so once, and takes over when the first one leaves', async () => {
    const host = newHost();
    await guestOn(host);
    const first = linesOf(host, 'demo');
    await first.line((line) => line.type === 'watching' && line.by === 'events');
    const second = linesOf(host, 'demo');
    await second.line((line) => line.type === 'watching' && line.by === 'polling');
    await second.line(isState('paused'));
    const before = Date.now();
    await host.tell('demo', 'cont');
    const { cameAtMs } = await second.line(isState('running'));
    expect(cameAtMs - before).toBeLessThan(SOON_MS + 1_000);
    expect(second.all().filter(({ type }) => type === 'watching')).toHaveLength(1);
    first.child.kill('SIGTERM');
    await second.line((line) => line.type === 'watching' && line.by === 'events');
  });

  test('nobody who reads any more is no error', async () => {
    const host = newHost();
    await guestOn(host);
    const lines = linesOf(host, 'demo');
    await lines.line((line) => line.type === 'watching');
    lines.child.stdout?.destroy();
    expect(await lines.status).toBe(0);
  });

  test('the screen follows: pause, death, keys, size, and leaves the terminal as it was', async () => {
    const host = newHost();
    await guestOn(host);
    await guestOn(host, 'other');
    const terminal = host.terminal(['demo', 'other'], { columns: 80, rows: 30 });
    await terminal.shows(/demo {2}‖ paused/);
    expect(terminal.modes()).toMatchObject({ alternateScreen: true, cursorHidden: true });
    await host.tell('demo', 'cont');
    await terminal.shows(/demo {2}● running {2}up/);
    await terminal.shows('RESUME');
    terminal.resize(60, 14);
    await terminal.shows(/▶ demo {3}● running/);
    expect(terminal.screen().length).toBeLessThanOrEqual(14);
    terminal.type('\t');
    await terminal.shows('▶ other');
    terminal.type('\x1b[A');
    await terminal.shows('▶ demo');
    terminal.type('?');
    await terminal.shows('leave; the guests go on');
    terminal.type('?');
    process.kill(host.pid('demo'), 'SIGKILL');
    await terminal.shows('✖ demo died: QEMU');
    await terminal.shows('Try this: tail /run/ghpass/demo/qemu.log');
    terminal.type('q');
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
    expect(terminal.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, plainText: true });
    expect(terminal.screen()).toEqual([]);
  });

  test('Ctrl-C is 130, and without colours none is written', async () => {
    const host = newHost();
    await guestOn(host);
    const terminal = host.terminal(['demo'], { env: { NO_COLOR: '1' } });
    await terminal.shows('‖ paused');
    terminal.type('\x03');
    expect(await terminal.ended).toEqual({ status: 130, signal: 0 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are.
    expect(terminal.written()).not.toMatch(/\x1b\[(?:1|2|3[0-9])m/);
  });

  test('at 60 columns without colours, no row is longer, and what is wrong comes with what to do', async () => {
    const host = newHost();
    await guestOn(host);
    const terminal = host.terminal(['demo'], { columns: 60, rows: 40, env: { NO_COLOR: '1' } });
    await terminal.shows('‖ paused');
    appendFileSync(host.path('demo', 'console.log'), `${'0123456789'.repeat(7)}\n\x1b[31mred\x9b2J\n`);
    await terminal.shows(/console\n {2}(0123456789){5}012345(…|6…|67)\n {2}red/);
    expect(terminal.screen().filter((row) => row.length > 60)).toEqual([]);
    expect(terminal.screen().slice(0, 4)).toEqual([
      expect.stringMatching(/^demo {2}‖ paused {2}up .*process \d+/),
      '! demo is paused: prelaunch',
      expect.stringMatching(/^ {2}Try this: /),
      'vCPUs',
    ]);
    process.kill(host.pid('demo'), 'SIGKILL');
    await terminal.shows('✖ demo died: QEMU');
    terminal.type('q');
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are.
    expect(terminal.written()).not.toMatch(/\x1b\[(?:1|2|3[0-9])m/);
  });

  test('killed in the middle, the terminal is as it was a moment later', async () => {
    const host = newHost();
    await guestOn(host);
    const terminal = host.script(['demo']);
    await terminal.shows('‖ paused');
    process.kill(monitorIn(terminal), 'SIGKILL');
    await expect.poll(() => terminal.modes().alternateScreen, { timeout: 20_000 }).toBe(false);
    expect(terminal.modes()).toMatchObject({ cursorHidden: false, plainText: true });
    await terminal.shows('as before');
    terminal.type('echoed');
    await terminal.shows('\nechoed');
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('%s, and the shell of a person goes on as before', async (signal) => {
    const host = newHost();
    await guestOn(host);
    const { terminal, command } = host.personsShell(['demo']);
    await terminal.shows('shell>');
    terminal.type(`${command}\r`);
    await terminal.shows('‖ paused');
    process.kill(monitorIn(terminal), signal);
    await expect.poll(() => terminal.modes().alternateScreen, { timeout: 20_000 }).toBe(false);
    await expect.poll(() => terminal.modes().cursorHidden, { timeout: 20_000 }).toBe(false);
    // The prompt may have been written to the screen that is gone.
    terminal.type('\r');
    await terminal.shows(/shell>$/);
    terminal.type('echo $((40 + 2))\r');
    await terminal.shows(/shell> echo \$\(\(40 \+ 2\)\)\n42\n/);
    terminal.type('stty -a\r');
    await terminal.shows(/\nisig icanon iexten echo /);
  });
});

/** The only process that the shell in a terminal has started. */
function monitorIn({ pid }: TestTerminal): number {
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(child);
}
