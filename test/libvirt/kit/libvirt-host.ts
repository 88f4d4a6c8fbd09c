import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { runTool, type ToolRun } from '../../../src/host/programs/run-tool.ts';
import { shellWords } from '../../../src/libvirt/shell-words.ts';
import { type Suite, unpackedUserland } from './userland.ts';

const SCRIPT = join(import.meta.dirname, 'namespace.sh');
/** Of a whole namespace: without root, a user's own would do for most of it, but not for starting guests. */
const OWN_NAMESPACES = ['--mount', '--propagation', 'private', '--uts', '--pid', '--fork', '--kill-child'];

/** Whether this machine lets this process have the namespaces that a libvirt is run in. */
export function canRunLibvirt(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', [...OWN_NAMESPACES, 'true']).status === 0;
}

/** A real libvirtd with its QEMU, in a namespace of its own. */
export interface LibvirtHost {
  suite: Suite;
  /** Put it before PATH, and `virsh` is the one that talks to this libvirtd. */
  tools: string;
  /** Runs a program there; files below the directory for temporary files are at the same place. */
  run(command: string, args: readonly string[]): Promise<ToolRun>;
  /** What the schema of this libvirt has against a domain; empty where it is valid. */
  validate(xml: string): Promise<string[]>;
  /** The arguments of QEMU that libvirt makes of a domain, program first. Throws what virsh says where it refuses. */
  domxmlToNative(xml: string): Promise<string[]>;
  stop(): Promise<void>;
}

/**
 * Starts the libvirt of a suite, fetched first if need be.
 * @param vfio whether it sees IOMMU groups, VFIO and iommufd.
 * @param hostname as on another machine; empty for this one's.
 */
export async function startLibvirt(suite: Suite, { vfio = true, hostname = '' } = {}): Promise<LibvirtHost> {
  const root = await unpackedUserland(suite);
  const directory = mkdtempSync(join(tmpdir(), 'ghpass-libvirt-'));
  for (const name of ['work', 'tools']) mkdirSync(join(directory, name));
  const inside = startNamespace([root, join(directory, 'work'), tmpdir(), vfio ? 'yes' : 'no', hostname]);
  await Promise.race([
    once(inside.stdout as Readable, 'data'),
    once(inside, 'exit').then(() => Promise.reject(new Error(`libvirtd of ${suite} did not start`))),
  ]);
  const enter = [
    'nsenter',
    `--target=${inside.pid}`,
    '--mount',
    `--pid=/proc/${inside.pid}/ns/pid_for_children`,
    '--',
    'chroot',
    join(directory, 'work/root'),
  ];
  const virsh = join(directory, 'tools/virsh');
  writeFileSync(virsh, `#!/bin/sh\nexec ${enter.join(' ')} /usr/bin/virsh "$@"\n`);
  chmodSync(virsh, 0o755);
  const [command = '', ...words] = enter;
  // The directories of this machine's PATH are there, too, as far as they are temporary.
  const own = ['/usr/bin/env', 'PATH=/usr/sbin:/usr/bin'];
  const run = (program: string, args: readonly string[]) => runTool(command, [...words, ...own, program, ...args]);
  const onFile = async (xml: string, argsOf: (file: string) => [string, ...string[]]) => {
    const file = join(mkdtempSync(join(directory, 'xml-')), 'domain.xml');
    writeFileSync(file, xml);
    const [program, ...args] = argsOf(file);
    return run(program, args);
  };
  return {
    suite,
    tools: join(directory, 'tools'),
    run,
    async validate(xml) {
      const schema = '/usr/share/libvirt/schemas/domain.rng';
      const { status, stderr } = await onFile(xml, (file) => ['xmllint', '--noout', '--relaxng', schema, file]);
      return status === 0 ? [] : stderr.split('\n');
    },
    async domxmlToNative(xml) {
      const uri = '--connect=qemu:///system';
      const { status, stdout, stderr } = await onFile(xml, (file) => {
        return ['virsh', uri, '--quiet', 'domxml-to-native', '--format=qemu-argv', `--xml=${file}`];
      });
      if (status !== 0) throw new Error(stderr);
      const shell = shellWords(stdout);
      return shell.slice(shell.findIndex((word) => word.startsWith('/')));
    },
    async stop() {
      (inside.stdin as Writable).end();
      if (inside.exitCode === null) await once(inside, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function startNamespace(args: readonly string[]): ChildProcess {
  return spawn('unshare', [...OWN_NAMESPACES, 'sh', SCRIPT, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/**
 * A domain for a Grace host as this machine can do it: no KVM nor a clock that only KVM has, QEMU where Debian puts it, no
 * 72 CPUs to pin to, and huge pages of 2 MiB alone. What libvirt says of the rest stays the same.
 */
export function emulated(xml: string): string {
  return xml
    .replace(/(<domain\b[^>]*\stype\s*=\s*)(['"])kvm\2/, '$1$2qemu$2')
    .replace(/(<cpu mode=)(['"])host-passthrough\2/, '$1$2maximum$2')
    .replace(/<page size=(['"]).*?\1 unit=(['"]).*?\2/g, "<page size='2' unit='MiB'")
    .replace(/<cputune>.*?<\/cputune>/s, '')
    .replace(/<timer name='armvtimer'[^>]*\/>/, '')
    .replace('/usr/libexec/qemu-kvm', '/usr/bin/qemu-system-aarch64');
}
