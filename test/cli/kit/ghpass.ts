import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { installedPackage } from './installed.ts';

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  /** On standard input, which is empty without it. */
  input?: string;
  /** Goes before `node`: a program that starts ghpass in surroundings of its own. */
  within?: readonly string[];
}

/** A ghpass that runs. */
export interface Running {
  pid: number;
  /** Everything on standard error so far. */
  stderr(): string;
  ended: Promise<Run>;
}

/** As little as a job in a container has, and nothing of what the test runner sets. */
const ENVIRONMENT = { PATH: process.env.PATH ?? '', TERM: 'xterm' };

/** The words that start the installed ghpass. */
export function ghpassWords(args: readonly string[]): string[] {
  return [process.execPath, join(installedPackage(), 'bin/run.js'), ...args];
}

/** Starts the installed ghpass. */
export function startGhpass(args: readonly string[], options: RunOptions = {}): Running {
  const { within = [], env = {}, input = '' } = options;
  const [command = '', ...words] = [...within, ...ghpassWords(args)];
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...ENVIRONMENT, ...env } });
  // A ghpass that reads nothing may be gone before.
  child.stdin.on('error', () => {}).end(input);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  const ended = Promise.all([text(child.stdout), once(child, 'close')]).then(([stdout, [status]]) => ({
    status: status as number | null,
    stdout,
    stderr,
  }));
  return { pid: child.pid ?? 0, stderr: () => stderr, ended };
}

/** Runs the installed ghpass to its end. */
export function ghpass(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return startGhpass(args, options).ended;
}
