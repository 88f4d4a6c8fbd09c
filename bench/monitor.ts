// Processor time of `ghpass monitor` for sixteen guests: real QEMUs whose processors stand still, and which write a line to their
// console every second; and beside it for a single one. Once as lines of JSON, once on a screen in a pseudo-terminal.

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { graceHost, hopper, openMadeUp } from '../test/fixtures/grace-host.ts';
import { planFacts } from '../test/fixtures/plan.ts';
import { findQemu, type QemuCommand } from '../test/qemu/kit/qemu-binary.ts';

const GHPASS = join(import.meta.dirname, '../bin/run.js');
const TICKS_PER_SECOND = 100;
/** Loading and finding the guests is no part of it. */
const SETTLE_MS = 6_000;
const OWN_RUN = ['--mount', 'sh', '-ec'];

const within = (directory: string, words: readonly string[]) => [
  ...OWN_RUN,
  `mount --bind ${directory} /run; exec "$@"`,
  'sh',
  ...words,
];

function startGuest(directory: string, name: string, plan: string, qemu: QemuCommand, vcpus: number): ChildProcess {
  mkdirSync(join(directory, 'ghpass', name), { recursive: true });
  writeFileSync(join(directory, 'ghpass', name, 'plan.json'), plan);
  const at = `/run/ghpass/${name}`;
  const machine = ['-M', 'virt', '-accel', 'tcg', '-cpu', 'max', '-smp', `${vcpus}`, '-m', '32', '-S'];
  const sockets = ['qmp', 'events'].flatMap((socket) => ['-qmp', `unix:${at}/${socket}.sock,server=on,wait=off`]);
  const rest = ['-nodefaults', '-display', 'none', ...sockets, '-pidfile', `${at}/qemu.pid`];
  return spawn('unshare', within(directory, [qemu.command, ...qemu.args, ...machine, ...rest]), { stdio: 'ignore' });
}

/** User and system time of a process and of the children it has waited for, in milliseconds. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 1000) / TICKS_PER_SECOND;
}

async function measure(pid: number, seconds: number): Promise<number> {
  await sleep(SETTLE_MS);
  const [before, start] = [cpuMs(pid), performance.now()];
  await sleep(seconds * 1000);
  return (cpuMs(pid) - before) / (performance.now() - start);
}

async function linesShare(directory: string, names: readonly string[], seconds: number): Promise<number> {
  const words = within(directory, [process.execPath, GHPASS, 'monitor', ...names, '--json']);
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const share = await measure(child.pid ?? 0, seconds);
  child.kill('SIGTERM');
  return share;
}

async function screenShare(directory: string, names: readonly string[], seconds: number): Promise<number> {
  const { spawn: spawnInTerminal } = await import('node-pty');
  const words = within(directory, [process.execPath, GHPASS, 'monitor', ...names]);
  const terminal = spawnInTerminal('unshare', words, { cols: 120, rows: 50, name: 'xterm-256color' });
  terminal.onData(() => undefined);
  const share = await measure(terminal.pid, seconds);
  terminal.write('q');
  return share;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      guests: { type: 'string', default: '16' },
      vcpus: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const [guests = 0, vcpus = 0, seconds = 0] = [values.guests, values.vcpus, values.seconds].map(Number);
  const directory = mkdtempSync(join(tmpdir(), 'ghpass-bench-'));
  const { plan } = await planFacts(openMadeUp(graceHost([hopper()])));
  const text = JSON.stringify(plan, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
  const qemu = await findQemu();
  const names = Array.from({ length: guests }, (_, i) => `guest${i}`);
  const running: ChildProcess[] = [];
  const writing = setInterval(() => {
    for (const name of names)
      appendFileSync(join(directory, 'ghpass', name, 'console.log'), `${name}: it is ${new Date().toISOString()}\n`);
  }, 1_000);
  try {
    for (const name of names) running.push(startGuest(directory, name, text, qemu, vcpus));
    await sleep(2_000 + 500 * guests);
    for (const watched of [names.slice(0, 1), names]) {
      for (const [mode, share] of [['JSON', linesShare] as const, ['screen', screenShare] as const]) {
        const percent = ((await share(directory, watched, seconds)) * 100).toFixed(2);
        process.stdout.write(
          `${`${watched.length} guests of ${vcpus} vCPUs, ${mode}`.padEnd(34)} ${percent} % of a core\n`,
        );
      }
    }
  } finally {
    clearInterval(writing);
    for (const child of running) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
