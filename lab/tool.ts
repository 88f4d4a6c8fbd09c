import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { LabError } from './error.ts';

/** Debian package of each program that the lab starts on L0. Not listed: what every Debian system has. */
const PACKAGE_OF_TOOL = {
  'aarch64-linux-gnu-gcc': process.arch === 'arm64' ? 'gcc' : 'gcc-aarch64-linux-gnu',
  'apt-get': 'apt',
  bc: 'bc',
  bison: 'bison',
  cpio: 'cpio',
  depmod: 'kmod',
  'dpkg-deb': 'dpkg',
  flex: 'flex',
  flock: 'util-linux',
  gcc: 'gcc',
  iasl: 'acpica-tools',
  make: 'make',
  mformat: 'mtools',
  mke2fs: 'e2fsprogs',
  modprobe: 'kmod',
  newuidmap: 'uidmap',
  perl: 'perl',
  setpriv: 'util-linux',
  sfdisk: 'fdisk',
  tar: 'tar',
  unshare: 'util-linux',
  xz: 'xz-utils',
} as const;

/** What a shell gives where there is no such program (POSIX.1-2017, XCU 2.8.2). */
const EXIT_NOT_FOUND = 127;

export type Tool = keyof typeof PACKAGE_OF_TOOL;

/** Administrators' programs (mke2fs, depmod) are not on an ordinary user's PATH in Debian, but they run for them all the same. */
export function toolPath({ PATH = '/usr/bin:/bin' }: NodeJS.ProcessEnv = process.env): string {
  return `${PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
}

/** Throws one LabError that names every missing package and the one command that installs them. */
export async function requireTools(tools: Iterable<Tool>): Promise<void> {
  const missing: Tool[] = [];
  for (const tool of new Set(tools)) {
    if (!(await isOnPath(tool))) missing.push(tool);
  }
  if (missing.length > 0) throw missingTools(missing);
}

function missingTools(missing: readonly Tool[]): LabError {
  const packages = [...new Set(missing.map((tool) => PACKAGE_OF_TOOL[tool]))].sort();
  return new LabError(`the lab needs programs that are not installed: ${missing.join(', ')}`, [
    `sudo apt-get install ${packages.join(' ')}`,
  ]);
}

function isKnownTool(command: string): command is Tool {
  return Object.hasOwn(PACKAGE_OF_TOOL, command);
}

async function isOnPath(tool: Tool): Promise<boolean> {
  for (const directory of toolPath().split(':')) {
    try {
      await access(path.join(directory, tool), constants.X_OK);
      return true;
    } catch {}
  }
  return false;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs "$@" and watches stdin, which this process holds open: when that ends, with the process or on its wish, all that
 * belongs to the group is killed. A signal to one child would leave the compilers of a `make` running for half an hour.
 */
const SUPERVISOR = `exec 3<&0 </dev/null
"$@" 3<&- &
job=$!
{ cat <&3; kill -KILL 0; } > /dev/null 2>&1 &
watcher=$!
wait "$job"
status=$?
kill "$watcher"
exit "$status"`;

/**
 * Runs a program to its end and gives its stdout. Throws a LabError with the last lines of its output where it fails,
 * one that says "no space" where that is what it printed, and the signal's reason where that was aborted. The program and
 * its children end with this process, however it ends.
 */
export async function runTool(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const child = execa('sh', ['-c', SUPERVISOR, 'sh', command, ...args], {
    reject: false,
    detached: true,
    stdin: 'pipe',
    env: { ...options.env, PATH: toolPath(), LC_ALL: 'C.UTF-8' },
    maxBuffer: 256 * 1024 * 1024,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stop = () => child.stdin.end();
  options.signal?.addEventListener('abort', stop);
  const result = await child;
  options.signal?.removeEventListener('abort', stop);
  if (!result.failed) return result.stdout;
  options.signal?.throwIfAborted();
  if (result.exitCode === EXIT_NOT_FOUND && isKnownTool(command)) throw missingTools([command]);
  const output = `${result.stdout}\n${result.stderr}`.trim();
  if (/No space left on device/.test(output)) {
    throw new LabError(`no space left while running ${command} in ${options.cwd ?? process.cwd()}`, ['df -h']);
  }
  const tail = output.split('\n').slice(-12).join('\n');
  const outcome = result.exitCode === undefined ? result.shortMessage : `exit status ${result.exitCode}`;
  throw new LabError(`${[command, ...args].join(' ')} failed (${outcome}):\n${tail}`, [], { cause: result });
}
