import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { QemuCommand } from './qemu-binary.ts';

/** QEMU ended by itself, which is how it refuses arguments. */
export class QemuExit extends Error {
  override readonly name = 'QemuExit';
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(end: { status: number | null; signal: NodeJS.Signals | null; stderr: string }) {
    super(`QEMU ended with ${end.signal ?? `status ${end.status}`}: ${end.stderr.trim()}`);
    this.status = end.status;
    this.signal = end.signal;
    this.stderr = end.stderr;
  }
}

/** A QEMU whose machine is built and whose processors never run. */
export interface QemuProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Settles with everything it wrote on standard error once it has ended. */
  readonly ended: Promise<QemuExit>;
}

/** A machine that stands still: TCG, because only there `-cpu max` has its full 52 bits of address. */
const STILL = ['-accel', 'tcg', '-S', '-nodefaults', '-no-user-config', '-display', 'none'];

/** Starts QEMU with the given arguments on top of those of a machine that stands still. */
export function startQemu(qemu: QemuCommand, args: readonly string[]): QemuProcess {
  const child = spawn(qemu.command, [...qemu.args, ...STILL, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  // QEMU may refuse its arguments before it reads anything.
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<QemuExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(new QemuExit({ status, signal, stderr })));
  });
  return { child, ended };
}
