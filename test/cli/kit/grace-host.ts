import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GH200 } from '../../../src/host/builtin/gh200.ts';
import { type SyntheticGpu, synthesize } from '../../../src/host/builtin/synthesize.ts';
import { staticExecutable } from '../../guest/elf.ts';
import { type Run, type Running, type RunOptions, startGhpass } from './ghpass.ts';
import { writeTree } from './tree.ts';

export const GPU = '0009:01:00.0';

/** What a process on the made-up host finds there instead of this machine's own. */
const REPLACED = ['/sys', '/etc', '/run', '/var/lib', '/usr/sbin'];
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
  'rm',
  'rmdir',
  'sh',
  'sleep',
  'touch',
  'tr',
  'unshare',
];

/** Whether this machine lets a process have mounts of its own, which takes no root but may be forbidden, and has cpio. */
export function canHaveOwnMounts(): boolean {
  return spawnSync('unshare', ['--map-root-user', '--mount', 'cpio', '--version']).status === 0;
}

/** This machine, as a process sees it that has a Grace host's sysfs, and tools which play their part. */
export interface GraceHost {
  start(args: readonly string[], options?: RunOptions): Running;
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** Where a path of that host is on this machine. */
  path(path: string): string;
  /** Puts a shell script before the tools of that host. */
  replaceTool(name: string, script: string): void;
  /** Without it, the tool is not there at all. */
  removeTool(name: string): void;
  /** Waits until a file is there, as a sign that something got so far. */
  appears(path: string): Promise<void>;
  driver(): string | null;
  /** Names of the journals that are left. */
  journals(): string[];
}

/**
 * @param root an empty directory for what the host consists of.
 * @param gpu what is different from a GH200 that the variant driver has.
 */
export function graceHostIn(root: string, gpu: Partial<SyntheticGpu> = {}): GraceHost {
  const path = (below: string) => join(root, below);
  const gpus = GH200.gpus.map((built) => ({ ...built, ...gpu }));
  writeTree(synthesize({ ...GH200, gpus }), root);
  for (const directory of [...REPLACED, '/sys/bus/pci/drivers/vfio-pci', '/etc/qemu/firmware', '/tools'])
    mkdirSync(path(directory), { recursive: true });
  if (gpus[0]?.driver) mkdirSync(path(`/sys/bus/pci/drivers/${gpus[0].driver}`), { recursive: true });
  installFirmware(path);
  writeFileSync(path('/usr/sbin/busybox'), staticExecutable());
  for (const name of SYSTEM_TOOLS) symlinkSync(whereIs(name), path(`/tools/${name}`));
  for (const name of readdirSync(TOOLS)) installTool(name, `exec ${join(TOOLS, name)} "$@"`);

  function installTool(name: string, script: string): void {
    writeFileSync(path(`/tools/${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(path(`/tools/${name}`), 0o755);
  }
  function start(args: readonly string[], options: RunOptions = {}): Running {
    const mounts = REPLACED.map((directory) => `mount --bind ${path(directory)} ${directory}`);
    const within = ['unshare', '--map-root-user', '--mount', 'sh', '-ec', `${mounts.join('; ')}; exec "$@"`, 'sh'];
    const env = { PATH: path('/tools'), GRACE_ROOT: root, ...options.env };
    return startGhpass(args, { ...options, within, env });
  }
  return {
    start,
    run: (args, options) => start(args, options).ended,
    path,
    replaceTool: installTool,
    removeTool: (name) => rmSync(path(`/tools/${name}`)),
    appears: async (below) => {
      while (!existsSync(path(below))) await sleep(20);
    },
    driver: () => {
      const link = path(`/sys/bus/pci/devices/${GPU}/driver`);
      const isBound = lstatSync(link, { throwIfNoEntry: false }) !== undefined;
      return isBound ? (readlinkSync(link).split('/').at(-1) ?? null) : null;
    },
    journals: () => {
      const directory = path('/var/lib/ghpass/journal');
      return existsSync(directory) ? readdirSync(directory) : [];
    },
  };
}

function whereIs(program: string): string {
  if (program === 'node') return process.execPath;
  // A link into /etc/alternatives would lead nowhere on the made-up host.
  return realpathSync(execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim());
}

function installFirmware(path: (below: string) => string): void {
  const code = path('/firmware.fd');
  writeFileSync(code, '');
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
