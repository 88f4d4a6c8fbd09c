import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { unpackPackages, writeDpkgDatabase } from '../apt/unpack.ts';
import { openAptWorld } from '../apt/world.ts';
import { type Artifact, hashOf } from '../cache/artifact.ts';
import { makeExt4Image } from './image.ts';

/** Root file systems for L1: Debian 13 (libvirt 11.3, QEMU 10.0) and unstable (libvirt 12.8, QEMU 11.1). */
export const USERLANDS = ['trixie', 'sid'] as const;
export type Userland = (typeof USERLANDS)[number];

const SYSTEM_PACKAGES =
  'base-files base-passwd bash busybox-static coreutils cpio dash debianutils diffutils dpkg findutils gawk grep gzip hostname iproute2 kmod libc-bin mount pciutils procps psmisc sed tar util-linux xz-utils zstd';
/** What a user of ghpass has beside it. libvirt's drivers for storage, networks and filters stay out: they want a firewall. */
const VIRTUALISATION_PACKAGES =
  'nodejs qemu-system-arm qemu-utils qemu-efi-aarch64 libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-log libvirt-clients genisoimage openssh-client passt';

/** Nothing at run time reads these. */
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/share/icons',
];

/** Links that the alternatives system would have made when the packages were configured. */
const ALTERNATIVES = [
  ['usr/bin/awk', 'gawk'],
  ['usr/bin/which', 'which.debianutils'],
] as const;

const request = (): PackageRequest => ({
  names: `${SYSTEM_PACKAGES} ${VIRTUALISATION_PACKAGES}`.split(' '),
  extent: 'closure',
  architecture: 'arm64',
});

/** The arm64 root file system of one Debian suite as an image, and beside it the static busybox for the initrd. */
export function userlandArtifact(userland: Userland): Artifact {
  return {
    name: `userland-${userland}`,
    tools: ['apt-get', 'dpkg-deb', 'mke2fs'],
    buildBytes: 2600n << 20n,
    async key(lab) {
      const files = await resolvePackages(await openAptWorld(lab, [userland]), request());
      return hashOf(await readFile(import.meta.filename, 'utf8'), identityOf(files));
    },
    async build(directory, lab) {
      const downloads = path.join(directory, 'debs');
      const root = path.join(directory, 'root');
      const debs = await fetchPackages(await openAptWorld(lab, [userland]), request(), downloads, lab);
      lab.report(`unpacking ${debs.length} packages into the root file system of ${userland}`);
      await unpackPackages(debs, root, lab.signal);
      await writeDpkgDatabase(debs, root, lab.signal);
      await rm(downloads, { recursive: true });
      await configureRoot(root);
      await copyFile(path.join(root, 'usr/bin/busybox'), busyboxFile(directory));
      await makeExt4Image(root, userlandImage(directory), { spareMiB: 1024, signal: lab.signal });
      await rm(root, { recursive: true });
    },
  };
}

/** The root file system image in an artifact's directory. */
export function userlandImage(directory: string): string {
  return path.join(directory, 'root.img');
}

/** The static arm64 busybox in an artifact's directory. */
export function busyboxFile(directory: string): string {
  return path.join(directory, 'busybox');
}

/** Does what the packages' own scripts would have done, as far as something in L1 needs it. */
async function configureRoot(root: string): Promise<void> {
  for (const directory of LEFT_OUT) await rm(path.join(root, directory), { recursive: true, force: true });
  for (const [link, target] of ALTERNATIVES) {
    await rm(path.join(root, link), { force: true });
    await symlink(target, path.join(root, link));
  }
  for (const directory of [
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'var/log/libvirt',
    'var/lib/libvirt/qemu',
    'etc/libvirt',
    'lab/kernel',
    'lab/input',
    'out',
    'usr/local',
  ]) {
    await mkdir(path.join(root, directory), { recursive: true });
  }
  await rm(path.join(root, 'var/run'), { recursive: true, force: true });
  await symlink('/run', path.join(root, 'var/run'));
  for (const [file, text] of Object.entries(await configurationFiles(root))) {
    await writeFile(path.join(root, file), text);
  }
}

async function configurationFiles(root: string): Promise<Record<string, string>> {
  const master = (name: string) => readFile(path.join(root, 'usr/share/base-passwd', `${name}.master`), 'utf8');
  return {
    'etc/passwd': `${await master('passwd')}libvirt-qemu:x:64055:994::/var/lib/libvirt:/usr/sbin/nologin\ntss:x:100:100::/var/lib/tpm:/usr/sbin/nologin\n`,
    'etc/group': `${await master('group')}libvirt:x:993:\nlibvirt-qemu:x:64055:\nkvm:x:994:\ntss:x:100:\n`,
    'etc/hostname': 'grace\n',
    'etc/hosts': '127.0.0.1 localhost grace\n',
    // libvirt wants a machine id; it need not be anybody's.
    'etc/machine-id': '67686c616267686c616267686c616267\n',
    'etc/libvirt/qemu.conf':
      'user = "root"\ngroup = "root"\nsecurity_driver = "none"\nremember_owner = 0\nnamespaces = []\ncgroup_controllers = []\n',
  };
}
