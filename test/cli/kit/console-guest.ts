import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { guestFiles } from '../../../src/guest/life/launch.ts';
import type { GuestFiles } from '../../../src/qemu/argv/guest-files.ts';
import { console as consoleArguments, qmp } from '../../../src/qemu/argv/sockets.ts';
import { findQemu, type QemuCommand } from '../../qemu/kit/qemu-binary.ts';
import { serialGuest } from '../../qemu/kit/serial-guest.ts';
import type { GraceHost } from './grace-host.ts';

/** A guest of a real QEMU, with the console that ghpass gives to its guests. */
export interface ConsoleGuest {
  pid: number;
  files: GuestFiles;
  /** Everything that it wrote. */
  log(): Buffer;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a guest where ghpass looks for its own on the made-up host. It never rests, and is ended with the test. */
export async function startConsoleGuest(host: GraceHost, name: string): Promise<ConsoleGuest> {
  const qemu: QemuCommand = await findQemu();
  const directory = host.path(join('/run/ghpass', name));
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'plan.json'), '{}');
  const files = guestFiles(directory);
  const argv = [...qemu.args, ...serialGuest(), ...consoleArguments(files), ...qmp(files.qmpSocket)];
  const child = spawn(qemu.command, [...argv, '-pidfile', files.pidFile], { stdio: ['ignore', 'ignore', 'inherit'] });
  const kill = (signal: NodeJS.Signals) => {
    child.kill(signal);
  };
  onTestFinished(() => kill('SIGKILL'));
  const isUp = () => {
    try {
      return readFileSync(files.pidFile, 'utf8').endsWith('\n') && existsSync(files.qmpSocket);
    } catch {
      return false;
    }
  };
  while (!isUp()) await sleep(20);
  return { pid: child.pid ?? 0, files, log: () => readFileSync(files.consoleLog), kill };
}
