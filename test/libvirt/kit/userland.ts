import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../../../lab/apt/packages.ts';
import { unpackPackages } from '../../../lab/apt/unpack.ts';
import { hostArchitecture, openAptWorld } from '../../../lab/apt/world.ts';
import { type Artifact, ensureArtifact, hashOf } from '../../../lab/cache/artifact.ts';
import { createLabContext } from '../../../lab/context.ts';

/** Debian 13 (libvirt 11.3, QEMU 10.0) and unstable (libvirt 12.8, QEMU 11.1), as in the lab. */
export const SUITES = ['trixie', 'sid'] as const;
export type Suite = (typeof SUITES)[number];

/** A shell and mount for the namespace, and what a user of libvirt has; nothing is configured or installed. */
const PACKAGES =
  'base-files base-passwd bash coreutils dash libc-bin mount procps sed util-linux libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-log libvirt-clients libxml2-utils qemu-system-arm qemu-system-modules-spice qemu-efi-aarch64 swtpm swtpm-tools virtiofsd openssh-server openssh-client';

const LEFT_OUT = ['usr/share/doc', 'usr/share/man', 'usr/share/info', 'usr/share/locale', 'usr/share/icons'];

const request = (): PackageRequest => ({
  names: PACKAGES.split(' '),
  extent: 'closure',
  architecture: hostArchitecture(),
});

/** The root directory of a Debian suite with libvirt and QEMU for this machine's own CPU, fetched once (some 250 MB). */
export function unpackedUserland(suite: Suite): Promise<string> {
  return ensureArtifact(userlandArtifact(suite), createLabContext());
}

function userlandArtifact(suite: Suite): Artifact {
  return {
    name: `libvirt-${suite}`,
    tools: ['apt-get', 'dpkg-deb'],
    buildBytes: 1600n << 20n,
    async key(lab) {
      const files = await resolvePackages(await openAptWorld(lab, [suite]), request());
      return hashOf(await readFile(import.meta.filename, 'utf8'), identityOf(files));
    },
    async build(directory, lab) {
      const downloads = path.join(directory, 'debs');
      const debs = await fetchPackages(await openAptWorld(lab, [suite]), request(), downloads, lab);
      await unpackPackages(debs, directory, lab.signal);
      await rm(downloads, { recursive: true });
      await configure(directory);
    },
  };
}

/** What the packages' own scripts would have done, as far as libvirtd misses it. */
async function configure(root: string): Promise<void> {
  for (const name of LEFT_OUT) await rm(path.join(root, name), { recursive: true, force: true });
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'var/log/libvirt', 'var/lib/libvirt/qemu', 'etc/libvirt']) {
    await mkdir(path.join(root, name), { recursive: true });
  }
  await rm(path.join(root, 'var/run'), { recursive: true, force: true });
  await symlink('/run', path.join(root, 'var/run'));
  const master = (name: string) => readFile(path.join(root, 'usr/share/base-passwd', `${name}.master`), 'utf8');
  const files = {
    'etc/passwd': `${await master('passwd')}sshd:x:64056:65534::/run/sshd:/usr/sbin/nologin\nlibvirt-qemu:x:64055:994::/var/lib/libvirt:/usr/sbin/nologin\n`,
    'etc/group': `${await master('group')}libvirt:x:993:\nlibvirt-qemu:x:64055:\nkvm:x:994:\n`,
    'etc/hosts': '127.0.0.1 localhost\n',
    // libvirt wants a machine id; it need not be anybody's.
    'etc/machine-id': '67686c616267686c616267686c616267\n',
    'etc/libvirt/qemu.conf':
      'user = "root"\ngroup = "root"\nsecurity_driver = "none"\nremember_owner = 0\nnamespaces = []\ncgroup_controllers = []\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
}
