import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { COUNT, POWER_OFF } from '../qemu/kit/serial-guest.ts';
import { startConsoleGuest } from './kit/console-guest.ts';
import { ghpassWords } from './kit/ghpass.ts';
import { canHaveOwnMounts, type GraceHost, graceHostIn } from './kit/grace-host.ts';
import { installedPackage } from './kit/installed.ts';
import { temporaryDirectories } from './kit/temporary-directories.ts';
import type { TerminalOptions, TestTerminal } from './kit/terminal.ts';

const temporaryDirectory = temporaryDirectories();
const graceHost = () => graceHostIn(temporaryDirectory());

const LEAVE = '\x1d';
const PLAIN = { alternateScreen: false, bracketedPaste: false, cursorHidden: false, mouse: 'none', plainText: true };

beforeAll(() => {
  installedPackage();
});

async function guestOn(host: GraceHost) {
  return startConsoleGuest(host, 'demo');
}

function attach(host: GraceHost, args: readonly string[] = [], options: TerminalOptions = {}): TestTerminal {
  return host.inTerminal(ghpassWords(['attach', 'demo', ...args]), options);
}

/** A shell that says how the terminal is set before and behind a ghpass. */
function attachFromShell(host: GraceHost, args: readonly string[] = []): TestTerminal {
  const script = 'stty -g; "$@"; echo "status $?"; stty -g; exec cat';
  return host.inTerminal(['sh', '-c', script, 'sh', ...ghpassWords(['attach', 'demo', ...args])], { columns: 120 });
}

/** Both answers of `stty -g` are the same. */
async function expectSameSettings(terminal: TestTerminal): Promise<void> {
  const settings = () => terminal.history().filter((line) => /^[0-9a-f:]{40,}$/.test(line));
  await expect.poll(() => settings().length, { timeout: 20_000 }).toBe(2);
  const [before, after] = settings();
  expect(after).toBe(before);
}

const locks = (host: GraceHost) => {
  const directory = host.path('/var/lib/ghpass/journal');
  return existsSync(directory) ? readdirSync(directory) : [];
};

/** The process that has the keyboard. */
function attachedPid(host: GraceHost): number {
  const [lock = ''] = locks(host).filter((name) => name.startsWith('console-'));
  return JSON.parse(readFileSync(host.path(`/var/lib/ghpass/journal/${lock}`), 'utf8')).pid;
}

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}

/** Of a process that has ended and that nobody has waited for yet, the command line is empty. */
function isRunning(pid: string): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine, 'utf8') !== '';
}

describe.skipIf(!canHaveOwnMounts())('ghpass attach, with the console of a real QEMU', () => {
  test('attaches, types, leaves, and attaches again to what was there', async () => {
    const host = graceHost();
    const { pid } = await guestOn(host);
    const first = attach(host);
    await first.shows(`[console of demo (process ${pid}): Ctrl-] leaves, and the guest goes on]`);
    first.type('hello\r\n');
    await first.shows('\nhello');
    first.type('bye');
    await first.shows('\nbye');
    first.type(`${LEAVE}not sent`);
    expect(await first.ended).toEqual({ status: 0, signal: 0 });
    expect(first.screen()).toEqual([
      `[console of demo (process ${pid}): Ctrl-] leaves, and the guest goes on]`,
      'hello',
      'bye',
      'left demo, which goes on; back with: ghpass attach demo',
    ]);
    expect(locks(host)).toEqual([]);

    const second = attach(host);
    await second.shows('hello\nbye');
    second.type('!');
    await second.shows('hello\nbye!');
    second.type(LEAVE);
    expect(await second.ended).toEqual({ status: 0, signal: 0 });
  });

  test('keys and bytes pass as they are, control characters and the other half of 256 included', async () => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attach(host, ['--escape', '^X']);
    await terminal.shows('Ctrl-X leaves');
    const shownBefore = terminal.written().length;
    const ours = [COUNT, POWER_OFF, '\x18'].map((key) => key.charCodeAt(0));
    const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !ours.includes(byte));
    // What the terminal answers would be typed, too: no byte here asks it anything but ENQ, which xterm ignores.
    terminal.type(Uint8Array.from(bytes));
    const expected = Buffer.from(bytes).toString('latin1');
    await expect.poll(() => terminal.written().slice(shownBefore), { timeout: 20_000 }).toBe(expected);
    terminal.type('\x18');
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
  });

  test('the log goes over into what comes live without a gap, and without anything twice', async () => {
    const host = graceHost();
    const { log } = await guestOn(host);
    const starter = attach(host);
    await starter.shows('Ctrl-]');
    starter.type(COUNT);
    // A screen that is drawn now and then need not show a certain one of them.
    const numbers = (terminal: TestTerminal) =>
      [...terminal.written().matchAll(/([0-9a-f]{8})\r\n/g)].map(([, number = '']) => Number.parseInt(number, 16));
    await expect.poll(() => numbers(starter).length, { timeout: 20_000 }).toBeGreaterThan(500);
    starter.type(LEAVE);
    await starter.ended;
    for (const args of [['--log', 'all'], ['--log', '5'], []]) {
      const terminal = attach(host, args);
      await expect.poll(() => numbers(terminal).length, { timeout: 20_000 }).toBeGreaterThan(500);
      terminal.type(LEAVE);
      await terminal.ended;
      const [first = 0, ...rest] = numbers(terminal);
      expect(rest).toEqual(rest.map((_, i) => first + 1 + i));
      if (args.includes('all')) expect(first).toBe(0);
    }
    expect(log().length).toBeGreaterThan(5000);
  });

  test.each([
    [
      ['--log', '2'],
      ['three', 'four'],
    ],
    [['--log', 'none'], []],
    [
      ['--log', 'all'],
      ['one', 'two', 'three', 'four'],
    ],
  ])('of the log as much is shown as is asked for: %j', async (args, expected) => {
    const host = graceHost();
    await guestOn(host);
    const writer = attach(host);
    await writer.shows('Ctrl-]');
    writer.type('one\r\ntwo\r\nthree\r\nfour\r\n');
    await writer.shows('four');
    writer.type(LEAVE);
    await writer.ended;
    const terminal = attach(host, args);
    await terminal.shows('Ctrl-]');
    terminal.type('typed');
    await terminal.shows('typed');
    expect(terminal.screen().slice(1)).toEqual([...expected, 'typed']);
  });

  test('on a small terminal the last screenful comes, and the hint stays on the screen', async () => {
    const host = graceHost();
    await guestOn(host);
    const writer = attach(host);
    await writer.shows('Ctrl-]');
    writer.type(Array.from({ length: 100 }, (_, i) => `line ${i}\r\n`).join(''));
    await writer.shows('line 99');
    writer.type(LEAVE);
    await writer.ended;
    const terminal = attach(host, [], { columns: 80, rows: 10 });
    await terminal.shows('line 99');
    expect(terminal.screen()).toEqual([
      expect.stringMatching(/^\[console of demo .*Ctrl-\] leaves/),
      ...[93, 94, 95, 96, 97, 98, 99].map((number) => `line ${number}`),
    ]);
  });

  test('what was asked of an earlier terminal is not answered by this one', async () => {
    const host = graceHost();
    const { log } = await guestOn(host);
    const first = attach(host);
    await first.shows('Ctrl-]');
    // The guest asks where the cursor is, and echoes the answer.
    first.type('where\x1b[6n?');
    await expect.poll(() => log().toString('latin1')).toContain('where\x1b[6n?\x1b[2;6R');
    first.type(LEAVE);
    await first.ended;
    const before = log().length;
    const second = attach(host);
    await second.shows('where?');
    second.type('x');
    await second.shows(/x$/);
    expect(log().length - before).toBe(1);
  });

  test('what the guest made of the terminal is undone, and the terminal is set as before', async () => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attachFromShell(host);
    await terminal.shows('Ctrl-]');
    terminal.type('\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?2004h\x1b[5;10r\x1b[31mred');
    await terminal.shows('red');
    expect(terminal.modes()).toEqual({
      alternateScreen: true,
      bracketedPaste: true,
      cursorHidden: true,
      mouse: 'drag',
      plainText: false,
    });
    terminal.type(LEAVE);
    await terminal.shows('status 0');
    expect(terminal.modes()).toEqual(PLAIN);
    await expectSameSettings(terminal);
    terminal.type('echoed');
    await terminal.shows('\nechoed');
  });

  test.each([
    ['SIGTERM', 'status 130'],
    ['SIGINT', 'status 130'],
    ['SIGHUP', 'status 130'],
    ['SIGQUIT', 'status 131'],
  ] as const)('%s in the middle leaves the terminal as it was', async (signal, status) => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attachFromShell(host);
    await terminal.shows('Ctrl-]');
    terminal.type('\x1b[?1002h\x1b[31mred');
    await terminal.shows('red');
    process.kill(attachedPid(host), signal);
    await terminal.shows(status);
    expect(terminal.modes()).toEqual(PLAIN);
    await expectSameSettings(terminal);
    // Nothing is stairs: each line begins at the left.
    if (signal === 'SIGTERM') expect(terminal.screen().join('\n')).toContain('\n✖ interrupted\n  Code: interrupted\n');
    expect(locks(host)).toEqual([]);
  });

  test('killed in the middle, the terminal is as it was a moment later', async () => {
    const host = graceHost();
    await guestOn(host);
    const wait = 'until [ "$(stty -g)" = "$saved" ]; do sleep 0.05; done';
    const script = `saved=$(stty -g); "$@"; echo "status $?"; ${wait}; echo as before; exec cat`;
    const terminal = host.inTerminal(['sh', '-c', script, 'sh', ...ghpassWords(['attach', 'demo'])]);
    await terminal.shows('Ctrl-]');
    terminal.type('\x1b[?1049h\x1b[?25l\x1b[?1002h\x1b[?2004h\x1b[31mred');
    await terminal.shows('red');
    process.kill(attachedPid(host), 'SIGKILL');
    await terminal.shows('as before');
    await expect.poll(() => terminal.modes()).toEqual(PLAIN);
    terminal.type('echoed');
    await terminal.shows('echoed');
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('%s, and the shell of a person goes on as before', async (signal) => {
    const host = graceHost();
    await guestOn(host);
    const terminal = host.inTerminal(['/bin/bash', '--norc', '--noprofile', '-i'], {
      columns: 150,
      env: { PS1: 'shell> ' },
    });
    await terminal.shows('shell>');
    terminal.type(`${ghpassWords(['attach', 'demo']).join(' ')}\r`);
    await terminal.shows('Ctrl-]');
    terminal.type('\x1b[31mred');
    await terminal.shows('red');
    const pid = attachedPid(host);
    const guards = childrenOf(pid);
    expect(guards).toHaveLength(1);
    process.kill(pid, signal);
    await terminal.shows(/(Killed|interrupted)\n(.*\n)?shell>$/);
    await expect.poll(() => terminal.modes().plainText, { timeout: 20_000 }).toBe(true);
    // A person has not typed anything yet when the guard of the terminal is done.
    await expect.poll(() => guards.some(isRunning), { timeout: 20_000 }).toBe(false);
    terminal.type('echo $((40 + 2))\r');
    await terminal.shows(/shell> echo \$\(\(40 \+ 2\)\)\n42\n/);
    terminal.type('stty -a\r');
    await terminal.shows(/\nisig icanon iexten echo /);
  });

  test('a guest that powers itself off is said to have ended: exit status 0', async () => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attachFromShell(host);
    await terminal.shows('Ctrl-]');
    terminal.type('\x1b[?1002hlast words');
    await terminal.shows('last words');
    terminal.type(POWER_OFF);
    await terminal.shows('last words\ndemo has ended\nstatus 0');
    expect(terminal.modes()).toEqual(PLAIN);
    await expectSameSettings(terminal);
  });

  test('so is one whose QEMU is killed, and one who only looks on hears of it, too', async () => {
    const host = graceHost();
    const guest = await guestOn(host);
    const writer = attach(host);
    await writer.shows('Ctrl-]');
    const reader = attach(host, ['--read-only']);
    await reader.shows('Ctrl-]');
    guest.kill('SIGKILL');
    for (const terminal of [writer, reader]) {
      await terminal.shows('demo has ended');
      expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
    }
  });

  test('a second viewer looks on, is told who has the keyboard and when it is free, and takes it', async () => {
    const host = graceHost();
    await guestOn(host);
    const first = attach(host, [], { columns: 100 });
    await first.shows('Ctrl-]');
    first.type('typed');
    await first.shows('typed');
    const holder = attachedPid(host);
    const second = attach(host, [], { columns: 100 });
    await second.shows(`[read only: process ${holder} (ghpass attach) has the keyboard]`);
    first.type(' for both');
    await second.shows('for both');
    second.type('for nobody\r');
    await second.shows(/has the keyboard.*has the keyboard/s);
    first.type(LEAVE);
    expect(await first.ended).toEqual({ status: 0, signal: 0 });
    await second.shows(`[process ${holder} has left: the keyboard is free, Enter takes it]`);
    second.type('\r');
    await second.shows('[the keyboard is yours]');
    second.type('mine');
    await second.shows('\nmine');
    expect(second.screen().join('\n')).not.toContain('nobody');
    expect(attachedPid(host)).toBe(second.pid);
    second.type(LEAVE);
    await second.ended;
  });

  test('the keyboard of a ghpass that was killed is free at once', async () => {
    const host = graceHost();
    await guestOn(host);
    const first = attach(host);
    await first.shows('Ctrl-]');
    first.signal('SIGKILL');
    await first.ended;
    const second = attach(host);
    await second.shows('Ctrl-]');
    second.type('typed');
    await second.shows('typed');
  });

  test('a program that is not ghpass keeps the console it has, and what the guest writes is shown all the same', async () => {
    const host = graceHost();
    const { files } = await guestOn(host);
    const other = connect(files.consoleSocket);
    await once(other, 'connect');
    const terminal = attach(host, [], { columns: 150 });
    await terminal.shows('[read only: another program is connected to /run/ghpass/demo/console.sock: ss --unix');
    other.write('theirs');
    await terminal.shows('theirs');
    other.destroy();
    await sleep(300);
    terminal.type('\r');
    await terminal.shows('the keyboard is yours');
  });

  test('a terminal that takes nothing does not stop the guest', async () => {
    const host = graceHost();
    const { log } = await guestOn(host);
    const stuck = attach(host);
    await stuck.shows('Ctrl-]');
    stuck.type(COUNT);
    await stuck.shows('0000');
    stuck.hold();
    await sleep(500);
    const before = log().length;
    // More than the socket and the pseudo-terminal could hold between them.
    await expect.poll(() => log().length - before, { timeout: 40_000 }).toBeGreaterThan(256 << 10);
    stuck.letGo();
    stuck.type(LEAVE);
    expect(await stuck.ended).toEqual({ status: 0, signal: 0 });
  });

  test('at 60 columns a line of the guest is wrapped, not lost, also when the terminal changes its size', async () => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attach(host, [], { columns: 60, rows: 12 });
    await terminal.shows('Ctrl-]');
    terminal.type(`\r\n${'0123456789'.repeat(7)}\r\n`);
    await terminal.shows(`${'0123456789'.repeat(6)}\n0123456789`);
    terminal.resize(100, 30);
    terminal.type('wide');
    await terminal.shows('wide');
    terminal.type(LEAVE);
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
  });

  test.each([
    ['a byte', LEAVE],
    ['the keyboard protocol of kitty', '\x1b[93;5u'],
    ['modifyOtherKeys of xterm', '\x1b[27;5;93~'],
  ])('the key that leaves is known as %s', async (_, key) => {
    const host = graceHost();
    await guestOn(host);
    const terminal = attach(host);
    await terminal.shows('Ctrl-]');
    terminal.type(key);
    expect(await terminal.ended).toEqual({ status: 0, signal: 0 });
  });

  test('where the disk of the log is full, the console goes on', async () => {
    const host = graceHost();
    const { files } = await guestOn(host);
    const terminal = attach(host, [], { columns: 120 });
    await terminal.shows('Ctrl-]');
    // What QEMU writes to the log from now on is lost, as on a full disk: its file is not this one any more.
    execFileSync('cp', [files.consoleLog, `${files.consoleLog}.copy`]);
    renameSync(`${files.consoleLog}.copy`, files.consoleLog);
    terminal.type('first ');
    await sleep(1_500);
    terminal.type('second ');
    await terminal.shows(/console.log does not grow any more .*\]\nfirst second$/);
    terminal.type('third');
    await terminal.shows('first second third');
  });

  describe('without a terminal', () => {
    test('all that the guest wrote and writes goes to standard output, until it ends', async () => {
      const host = graceHost();
      await guestOn(host);
      const writer = attach(host);
      await writer.shows('Ctrl-]');
      writer.type('before\r\n');
      await writer.shows('before');
      const copying = host.start(['attach', 'demo']);
      while (!copying.stderr().includes('console of demo')) await sleep(20);
      writer.type('after\r\n');
      await writer.shows('after');
      writer.type(POWER_OFF);
      const { status, stdout, stderr } = await copying.ended;
      expect({ status, stdout }).toEqual({ status: 0, stdout: 'before\r\nafter\r\n' });
      expect(stderr).toMatch(/^console of demo \(process \d+\)\ndemo has ended\n$/);
    });

    test('or until nobody reads it any more', async () => {
      const host = graceHost();
      await guestOn(host);
      const writer = attach(host);
      await writer.shows('Ctrl-]');
      writer.type('one\r\ntwo\r\n');
      await writer.shows('two');
      const script = '{ "$@"; echo "status $?" >&2; } | { read line; echo "$line"; }';
      const reading = host.inTerminal(['sh', '-c', script, 'sh', ...ghpassWords(['attach', 'demo'])]);
      await reading.shows('one');
      writer.type('three\r\n');
      await reading.shows('status 0');
    });
  });

  describe('is refused', () => {
    const refusals: [args: string[], status: number, error: object][] = [
      [['none', '--json'], 2, { code: 'usage', message: '--json: what a guest writes to its console is no document' }],
      [['none', '--escape', 'x', '--json'], 2, { code: 'usage' }],
    ];
    test.each(refusals)('%j', async (args, status, error) => {
      const run = await graceHost().run(['attach', ...args]);
      expect(run.status).toBe(status);
      expect(JSON.parse(run.stdout).error).toMatchObject(error);
    });

    test('where the guest does not run, with what starts it', async () => {
      const host = graceHost();
      const guest = await guestOn(host);
      guest.kill('SIGKILL');
      await sleep(200);
      const { status, stderr } = await host.run(['attach', 'demo']);
      expect(status).toBe(1);
      expect(stderr).toContain('✖ demo does not run, so there is no console\n');
      expect(stderr).toContain('ghpass start demo');
    });

    test.each([['x'], ['^'], ['^1']])('with the key %j', async (key) => {
      const { status, stderr } = await graceHost().run(['attach', 'demo', '--escape', key]);
      expect(status).toBe(2);
      expect(stderr).toContain(`--escape ${JSON.stringify(key)}: a key is ^ and one of A-Z @ [ \\ ] ^ _`);
    });

    test('with half of a log', async () => {
      const { status, stderr } = await graceHost().run(['attach', 'demo', '--log', 'half']);
      expect(status).toBe(2);
      expect(stderr).toContain('--log "half": all, none or a number of lines');
    });

    test('with GPUs and a key to leave at the same time', async () => {
      const { status, stderr } = await graceHost().run(['attach', 'demo', '0009:01:00.0', '--escape', '^A']);
      expect(status).toBe(2);
      expect(stderr).toContain('--escape, --log and --read-only are for the console');
    });
  });
});
