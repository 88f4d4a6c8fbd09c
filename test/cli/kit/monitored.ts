import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuestPlan } from '../../../src/plan/guest-plan.ts';
import { Qmp } from '../../../src/qemu/qmp.ts';
import type { MonitorLine } from '../../../src/ui/monitor/json-lines.ts';
import type { QemuCommand } from '../../qemu/kit/qemu-binary.ts';
import { installedPackage } from './installed.ts';
import { startTerminal, type TerminalOptions, type TestTerminal } from './terminal.ts';

/** Each process has a /run of its own, and all of them the same one. */
const OWN_RUN = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount', 'sh', '-ec'];
/** Without high memory, the configuration space of PCI is where a test can write to it in 32 bits. */
const MACHINE = ['-M', 'virt,highmem=off', '-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', '64', '-S'];
/** What a kernel that panics writes to, and how it does: configuration of PCI slot 1, then BAR0 at the start of the window (hw/arm/virt.c). */
const PANIC = ['-device', 'pvpanic-pci,addr=1', '-action', 'panic=pause'];
const TO_PANIC = ['writel 0x3f008010 0x10000000', 'writew 0x3f008004 0x2', 'writeb 0x10000000 0x1'];
const QUIET = ['-nodefaults', '-no-user-config', '-display', 'none'];

/** A monitor that prints lines. */
export interface MonitorLines {
  child: ChildProcess;
  /** Waits for a line that was printed or will be; gives it, with the time at which it came. */
  line(fits: (line: MonitorLine) => boolean, patienceMs?: number): Promise<MonitorLine & { cameAtMs: number }>;
  all(): MonitorLine[];
  status: Promise<number | null>;
}

/** Real QEMUs as ghpass leaves them in its runtime directory, whose processors stand still at first, and monitors of them. */
export class MonitoredHost {
  /** @param directory an empty one. */
  constructor(
    private readonly directory: string,
    private readonly qemu: QemuCommand,
    private readonly plan: GuestPlan,
  ) {}

  path(guest: string, file: string): string {
    return join(this.directory, 'ghpass', guest, file);
  }

  /** Starts the QEMU of a guest, and waits until it answers. */
  async startGuest(name: string): Promise<ChildProcess> {
    mkdirSync(this.path(name, ''), { recursive: true });
    const plan = JSON.stringify({ ...this.plan, name }, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    writeFileSync(this.path(name, 'plan.json'), plan);
    const at = `/run/ghpass/${name}`;
    const child = this.spawn([
      ...[this.qemu.command, ...this.qemu.args, ...MACHINE, ...QUIET],
      ...['-chardev', `socket,id=c,path=${at}/console.sock,server=on,wait=off,logfile=${at}/console.log`],
      ...['-serial', 'chardev:c', '-pidfile', `${at}/qemu.pid`],
      ...[...PANIC, '-qtest', `unix:${at}/qtest.sock,server=on,wait=off`, '-qtest-log', 'none'],
      ...['-qmp', `unix:${at}/qmp.sock,server=on,wait=off`, '-qmp', `unix:${at}/events.sock,server=on,wait=off`],
    ]);
    while (!(await this.answers(name))) await sleep(50);
    return child;
  }

  /** Has QEMU do something, as another program does. */
  async tell(name: string, command: string): Promise<void> {
    const qmp = await Qmp.open(this.path(name, 'qmp.sock'), AbortSignal.timeout(10_000));
    await qmp.execute(command);
    qmp.close();
  }

  /** Does what a guest's driver does when its kernel panics. */
  async panic(name: string): Promise<void> {
    const socket = connect(this.path(name, 'qtest.sock'));
    for (const command of TO_PANIC) {
      socket.write(`${command}\n`);
      await once(socket, 'data');
    }
    socket.destroy();
  }

  pid(name: string): number {
    return Number(readFileSync(this.path(name, 'qemu.pid'), 'utf8'));
  }

  terminal(args: readonly string[], options: TerminalOptions = {}): TestTerminal {
    return startTerminal(this.within([...this.ghpass(), ...args]), options);
  }

  /** As a script runs it, which says so when the terminal is set as before, and leaves it to `cat`. */
  script(args: readonly string[]): TestTerminal {
    const wait = 'until [ "$(stty -g)" = "$saved" ]; do sleep 0.05; done';
    const script = `saved=$(stty -g); "$@"; ${wait}; echo as before; exec cat`;
    return startTerminal(this.within(['sh', '-c', script, 'sh', ...this.ghpass(), ...args]));
  }

  /** A shell as a person has it, and what starts a monitor there. */
  personsShell(args: readonly string[]): { terminal: TestTerminal; command: string } {
    const words = this.within(['bash', '--norc', '--noprofile', '-i']);
    const terminal = startTerminal(words, { columns: 150, env: { PS1: 'shell> ' } });
    return { terminal, command: [...this.ghpass(), ...args].join(' ') };
  }

  lines(args: readonly string[]): MonitorLines {
    const child = this.spawn([...this.ghpass(), ...args], ['ignore', 'pipe', 'inherit']);
    const lines: (MonitorLine & { cameAtMs: number })[] = [];
    const arrived = new EventTarget();
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (text) => {
      lines.push({ ...(JSON.parse(text) as MonitorLine), cameAtMs: Date.now() });
      arrived.dispatchEvent(new Event('line'));
    });
    const status = once(child, 'close').then(([code]) => code as number | null);
    return {
      child,
      all: () => lines,
      status,
      async line(fits, patienceMs = 30_000) {
        const signal = AbortSignal.timeout(patienceMs);
        for (let found = lines.find(fits); ; found = lines.find(fits)) {
          if (found) return found;
          await once(arrived, 'line', { signal }).catch(() => {
            throw new Error(`no such line came: ${JSON.stringify(lines.slice(-20), null, 1)}`);
          });
        }
      },
    };
  }

  private ghpass(): string[] {
    return [process.execPath, join(installedPackage(), 'bin/run.js'), 'monitor'];
  }

  private within(words: readonly string[]): string[] {
    return [...OWN_RUN, `mount --bind ${this.directory} /run; exec "$@"`, 'sh', ...words];
  }

  private spawn(words: readonly string[], stdio: ('ignore' | 'pipe' | 'inherit')[] = ['ignore', 'inherit', 'inherit']) {
    const [command = '', ...args] = this.within(words);
    return spawn(command, args, { stdio });
  }

  private async answers(name: string): Promise<boolean> {
    if (!existsSync(this.path(name, 'events.sock'))) return false;
    const socket = connect(this.path(name, 'events.sock'));
    try {
      await once(socket, 'data');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
