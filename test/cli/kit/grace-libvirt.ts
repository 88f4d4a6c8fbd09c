import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LibvirtHost } from '../../libvirt/kit/libvirt-host.ts';
import type { Run, Running, RunOptions } from './ghpass.ts';
import { type GraceHost, graceHostIn } from './grace-host.ts';

const VIRSH = ['/usr/bin/virsh', '--connect=qemu:///system', '--quiet'] as const;

/** A made-up Grace host whose virsh talks to a real libvirt. */
export interface GraceLibvirt {
  host: GraceHost;
  start(args: readonly string[], env?: Record<string, string>): Running;
  run(args: readonly string[], env?: Record<string, string>): Promise<Run>;
  /** Puts a shell script before what virsh does; `real` in it is that virsh. */
  beforeVirsh(script: string): void;
  /** Runs virsh beside ghpass. @returns what it prints. */
  virsh(...args: string[]): Promise<string>;
  define(xml: string): Promise<void>;
  /** The definition of a domain; null where there is none. */
  definition(name: string): Promise<string | null>;
}

/** @param root an empty directory for what the host consists of. */
export function graceLibvirtIn(root: string, libvirt: LibvirtHost): GraceLibvirt {
  const host = graceHostIn(root, { driver: null });
  const cache = { XDG_CACHE_HOME: join(root, 'cache') };
  const beforeVirsh = (script: string) =>
    host.replaceTool(
      'virsh',
      `PATH=/usr/sbin:/usr/bin:/sbin:/bin\nreal() { ${libvirt.tools}/virsh "$@"; }\n${script}\nreal "$@"`,
    );
  beforeVirsh('');
  async function virsh(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await libvirt.run(VIRSH[0], [...VIRSH.slice(1), ...args]);
    if (status !== 0) throw new Error(stderr);
    return stdout;
  }
  const names = async () => (await virsh('list', '--all', '--name')).split('\n');
  return {
    host,
    start: (args, env = {}) => host.start(args, { env: { ...cache, ...env } } satisfies RunOptions),
    run: (args, env = {}) => host.run(args, { env: { ...cache, ...env } }),
    beforeVirsh,
    virsh,
    async define(xml) {
      const file = join(root, 'given.xml');
      writeFileSync(file, xml);
      await virsh('define', `--file=${file}`);
    },
    definition: async (name) =>
      (await names()).includes(name) ? virsh('dumpxml', '--inactive', '--security-info', `--domain=${name}`) : null,
  };
}
