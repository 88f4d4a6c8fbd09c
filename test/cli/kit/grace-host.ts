import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GH200 } from '../../../src/host/builtin/gh200.ts';
import { type SyntheticGpu, synthesize } from '../../../src/host/builtin/synthesize.ts';
import { staticExecutable } from '../../guest/elf.ts';
import { type Run, type Running, type RunOptions, startGhpass } from './ghpass.ts';
import { startTerminal, type TerminalOptions, type TestTerminal } from './terminal.ts';
import { writeTree } from './tree.ts';

export const GPU = '0009:01:00.0';

/** Files of the made-up host that take the place of this machine's, where a test has written them before the first run. */
const REPLACED_FILES = ['/proc/iomem'];
/** What a process on the made-up host finds there instead of this machine's own. */
const REPLACED = ['/sys', '/etc', '/run', '/var/lib', '/usr/sbin', '/dev'];
/** Of the real `/dev`: node, shells and terminals want them, and a process that is to hang in the kernel wants FUSE. */
const DEVICES = ['null', 'zero', 'random', 'urandom', 'fuse', 'tty'].filter((name) => existsSync(`/dev/${name}`));
const TOOLS = join(import.meta.dirname, '../fixtures/bin');
/** All that the parts of the play need: what else is installed on this machine must not be found. */
const SYSTEM_TOOLS = [
  'cat',
  'cpio',
  'env',
  'ln',
  'mkdir',
  'mount',
  'node',
  'nsenter',
  'rm',
  'rmdir',
  'sh',
  'sleep',
  'stty',
  'taskset',
  'touch',
  'tr',
  'unshare',
];

/** Root stays root, because only then it can see what other processes have open; everybody else becomes one for itself. */
const isRoot = process.getuid?.() === 0;
const OWN_MOUNTS = isRoot ? ['--mount'] : ['--map-root-user', '--mount'];
/** A machine that is itself below a changed root has its files there, and not where its mounts begin. */
const ENTER = [...(isRoot ? ['--mount'] : ['--user', '--mount', '--preserve-credentials']), '--root', '--wd'];

/** Whether this machine lets a process have mounts of its own, which takes no root but may be forbidden, and has cpio. */
export function canHaveOwnMounts(): boolean {
  return spawnSync('unshare', [...OWN_MOUNTS, 'cpio', '--version']).status === 0;
}

/** Whether a process on the made-up host sees what every other process has open, as on a real one. */
export function canSeeOpenFiles(): boolean {
  return isRoot && canHaveOwnMounts();
}

/** This machine, as a process sees it that has a Grace host's sysfs, and tools which play their part. */
export interface GraceHost {
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** Starts a program of that host in a terminal. */
  inTerminal(words: readonly string[], options?: TerminalOptions): TestTerminal;
  /** Starts a shell script beside ghpass; it says something on its standard output when it is ready. */
  startProgram(script: string): Promise<ChildProcess>;
  /** Where a path of that host is on this machine. */
  path(path: string): string;
  /** Makes a shell script the tool of that name. */
  replaceTool(name: string, script: string): void;
  /** Puts a shell script before what the tool does by itself; the script can end it. */
  beforeTool(name: string, script: string): void;
  /** Without it, the tool is not there at all. */
  removeTool(name: string): void;
  /** Waits until a file is there, as a sign that something got so far. */
  appears(path: string): Promise<void>;
  driver(): string | null;
  /** Names of the journals that are left. */
  journals(): string[];
  /** Pids of what still runs of everything that was started on that host. */
  processes(): number[];
}

/**
 * @param root an empty directory for what the host consists of.
 * @param gpu what is different from a GH200 that the variant driver has.
 */
export function graceHostIn(root: string, gpu: Partial<SyntheticGpu> = {}): GraceHost {
  const path = (below: string) => join(root, below);
  const gpus = GH200.gpus.map((built) => ({ ...built, ...gpu }));
  writeTree(synthesize({ ...GH200, gpus }), root);
  for (const directory of [
    ...REPLACED,
    '/sys/bus/pci/drivers/vfio-pci',
    '/etc/qemu/firmware',
    '/nothing',
    '/tools',
    '/tmp',
    '/dev/pts',
  ])
    mkdirSync(path(directory), { recursive: true });
  if (gpus[0]?.driver) mkdirSync(path(`/sys/bus/pci/drivers/${gpus[0].driver}`), { recursive: true });
  for (const name of DEVICES) writeFileSync(path(`/dev/${name}`), '');
  // Mounted at another place, the device would not find its terminals (fs/devpts/inode.c).
  symlinkSync('pts/ptmx', path('/dev/ptmx'));
  installFirmware(path);
  let surroundings: number | null = null;
  writeFileSync(path('/usr/sbin/busybox'), staticExecutable());
  for (const name of SYSTEM_TOOLS) symlinkSync(whereIs(name), path(`/tools/${name}`));
  const playing = (name: string) => `exec ${join(TOOLS, name)} "$@"`;
  for (const name of readdirSync(TOOLS)) installTool(name, playing(name));

  function installTool(name: string, script: string): void {
    writeFileSync(path(`/tools/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(path(`/tools/${name}`), 0o755);
  }
  function holder(): number {
    surroundings ??= startSurroundings(root);
    return surroundings;
  }
  function within(): string[] {
    return ['nsenter', `--target=${holder()}`, ...ENTER];
  }
  function start(args: readonly string[], options: RunOptions = {}): Running {
    return startGhpass(args, { ...options, within: within(), env: { ...environment(), ...options.env } });
  }
  function environment(): Record<string, string> {
    return { PATH: path('/tools'), TMPDIR: path('/tmp'), GRACE_ROOT: root, GRACE_HOLDER: `${holder()}` };
  }
  return {
    start,
    run: (args, options) => start(args, options).ended,
    inTerminal: (words, options = {}) =>
      startTerminal([...within(), ...words], { ...options, env: { ...environment(), ...options.env } }),
    startProgram: async (script) => {
      const [command = '', ...words] = within();
      const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
      const child = spawn(command, [...words, 'sh', '-c', script], { stdio });
      await once(child.stdout as Readable, 'data');
      return child;
    },
    path,
    replaceTool: installTool,
    beforeTool: (name, script) => installTool(name, `${script}\n${playing(name)}`),
    removeTool: (name) => rmSync(path(`/tools/${name}`)),
    appears: async (below) => {
      while (!existsSync(path(below))) await sleep(20);
    },
    driver: () => {
      const link = path(`/sys/bus/pci/devices/${GPU}/driver`);
      const isBound = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
      return isBound ? (readlinkSync(link).split('/').at(-1) ?? null) : null;
    },
    processes: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(`GRACE_ROOT=${root}`))
        .map(Number),
    journals: () => {
      const directory = path('/var/lib/ghpass/journal');
      return existsSync(directory) ? readdirSync(directory) : [];
    },
  };
}

/**
 * A process that has the made-up directories where this machine has its own. Everything that is run on the host enters its
 * namespaces, so that one ghpass can see what an earlier one has started. It ends with the test runner, whose end of
 * the pipe it reads.
 * @returns its pid.
 */
function startSurroundings(root: string): number {
  const mounts = [
    ...(isRoot ? withoutAccess().map((pid) => `mount --bind ${root}/nothing /proc/${pid}`) : []),
    ...DEVICES.map((name) => `mount --bind /dev/${name} ${root}/dev/${name}`),
    `mount --rbind /dev/pts ${root}/dev/pts`,
    ...[...REPLACED, ...REPLACED_FILES.filter((file) => existsSync(join(root, file)))].map(
      (directory) => `mount --rbind ${root}${directory} ${directory}`,
    ),
  ];
  const script = `${mounts.join('; ')}; : > ${root}/ready; exec cat`;
  const child = spawn('unshare', [...OWN_MOUNTS, 'sh', '-ec', script], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.unref();
  (child.stdin as Socket).unref();
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(join(root, 'ready'))) Atomics.wait(clock, 0, 0, 10);
  return child.pid ?? 0;
}

/** Pids that not even root may look at, as the first process of a sandbox: no machine that people depend on has such. */
function withoutAccess(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        for (const name of readdirSync(`/proc/${pid}/fd`)) readlinkSync(`/proc/${pid}/fd/${name}`);
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EACCES' && existsSync(`/proc/${pid}/stat`);
      }
    });
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function whereIs(program: string): string {
  if (program === 'node') return process.execPath;
  // A link into /etc/alternatives would lead nowhere on the made-up host.
  return realpathSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim());
}

function installFirmware(path: (below: string) => string): void {
  const code = path('/firmware.fd');
  writeFileSync(code, 'EDK2');
  const image = { filename: code, format: 'raw' };
  writeFileSync(
    path('/etc/qemu/firmware/60-test.json'),
    JSON.stringify({
      'interface-types': ['uefi'],
      mapping: { device: 'flash', executable: image, 'nvram-template': image },
      targets: [{ architecture: 'aarch64', machines: ['virt-*'] }],
      features: [],
    }),
  );
}
