import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { unpackPackages } from '../apt/unpack.ts';
import { hostArchitecture, openAptWorld } from '../apt/world.ts';
import { type Artifact, hashOf } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { runTool } from '../tool.ts';
import { labQemu } from './qemu.ts';

const SUITE = 'trixie';

/** What Debian's own cloud images are made of, as far as a guest needs it; `Priority: required` is part of it. */
const BASE =
  'apt base-files base-passwd bash bsdutils coreutils dash debconf debianutils diffutils dpkg e2fsprogs findutils grep gzip hostname init libc-bin libpam-systemd login mawk mount ncurses-base ncurses-bin passwd perl-base sed sysvinit-utils tar tzdata util-linux';
const MACHINE =
  'busybox cloud-guest-utils cloud-init dbus debian-archive-keyring initramfs-tools iproute2 iputils-ping kmod linux-image-cloud-arm64 openssh-server procps qemu-guest-agent sudo systemd systemd-boot-efi systemd-sysv udev zstd';

const SCRIPTS = path.join(import.meta.dirname, '../image');
const SCRIPT_NAMES = ['own-users.sh', 'install.sh', 'settle.sh'];

const MIB = 2 ** 20;
/** The first and the last MiB of the disk belong to the partition table. */
const ESP_START_MIB = 1;
const ESP_MIB = 96;
const ROOT_START_MIB = ESP_START_MIB + ESP_MIB;
const ROOT_MIB = 768;
const ESP_UUID = '67686c61-0000-4000-8000-000000000001';
const ROOT_UUID = '67686c61-0000-4000-8000-000000000002';
/** Types of partitions (UEFI, and The Discoverable Partitions Specification for arm64). */
const ESP_TYPE = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const ROOT_TYPE = 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE';

/** Settings of the packages, there before their scripts run: the initramfs of a virtual machine, and one way to a network. */
const SETTINGS: Readonly<Record<string, string>> = {
  'etc/initramfs-tools/conf.d/lab': 'MODULES=list\nBUSYBOX=y\nCOMPRESS=zstd\nRESUME=none\n',
  'etc/initramfs-tools/modules': 'virtio_pci\nvirtio_blk\next4\n',
  'etc/cloud/cloud.cfg.d/90-lab.cfg':
    'datasource_list: [NoCloud, None]\nsystem_info:\n  network:\n    renderers: [networkd]\n',
  'etc/fstab': `PARTUUID=${ROOT_UUID} / ext4 defaults 0 1\nPARTUUID=${ESP_UUID} /boot vfat noauto 0 0\n`,
};

const BOOT_LOADER: Readonly<Record<string, string>> = {
  'loader/loader.conf': 'timeout 0\ndefault debian.conf\n',
  'loader/entries/debian.conf': `title Debian\nlinux /vmlinuz\ninitrd /initrd.img\noptions root=PARTUUID=${ROOT_UUID} ro console=ttyAMA0\n`,
};

const packages = (): PackageRequest => ({
  names: `${BASE} ${MACHINE}`.split(' '),
  extent: 'closure',
  architecture: 'arm64',
});

/** Runs the packages' scripts where this machine is no arm64 one. */
const emulator = (): PackageRequest => ({
  names: ['qemu-user'],
  extent: 'exact',
  architecture: hostArchitecture(),
});

/**
 * A cloud image of Debian 13 for arm64: GPT, systemd-boot, ext4, systemd, cloud-init, an SSH server, the guest agent. Its
 * packages are installed by their own scripts.
 */
export const cloudImageArtifact: Artifact = {
  name: 'cloud-image',
  tools: [
    'apt-get',
    'dpkg-deb',
    'mke2fs',
    'sfdisk',
    'mformat',
    'unshare',
    ...(process.getuid?.() === 0 ? [] : (['newuidmap'] as const)),
  ],
  buildBytes: 3500n << 20n,
  async key(lab) {
    const world = await openAptWorld(lab, [SUITE]);
    const identities = [await resolvePackages(world, packages()), await resolvePackages(world, emulator())].map(
      identityOf,
    );
    const scripts = await Promise.all(SCRIPT_NAMES.map((name) => readFile(path.join(SCRIPTS, name), 'utf8')));
    return hashOf(await readFile(import.meta.filename, 'utf8'), ...scripts, ...identities);
  },
  async build(directory, lab) {
    const work = path.join(directory, 'work');
    const root = path.join(work, 'root');
    const esp = path.join(work, 'esp');
    for (const name of [root, esp]) await mkdir(name, { recursive: true });
    try {
      await installSystem(root, work, lab);
      await insideOwnUsers(['sh', path.join(SCRIPTS, 'settle.sh'), root, esp], lab);
      await writeFiles(esp, BOOT_LOADER);
      await makeDisk(root, esp, work, lab);
      const { command, args } = await labQemu('qemu-img', lab);
      const convert = ['convert', '-c', '-O', 'qcow2', path.join(work, 'disk.img'), cloudImageFile(directory)];
      await runTool(command, [...args, ...convert], { signal: lab.signal });
    } finally {
      // Files of users that are nobody outside can be removed from inside alone.
      await insideOwnUsers(['rm', '-rf', work], lab);
    }
  },
};

/** The image in the artifact's directory. */
export function cloudImageFile(directory: string): string {
  return path.join(directory, 'debian.qcow2');
}

async function installSystem(root: string, work: string, lab: LabContext): Promise<void> {
  const world = await openAptWorld(lab, [SUITE]);
  const downloads = path.join(work, 'packages');
  const debs = await fetchPackages(world, packages(), downloads, lab);
  await unpackPackages(debs, root, lab.signal);
  for (const name of ['dev', 'proc', 'run', 'sys', 'tmp', 'var/lib/dpkg/info', 'var/lib/dpkg/updates']) {
    await mkdir(path.join(root, name), { recursive: true });
  }
  await writeFiles(root, { ...SETTINGS, 'var/lib/dpkg/status': '', 'var/lib/dpkg/available': '' });
  lab.report(
    `installing ${debs.length} packages into a cloud image; their scripts take a quarter of an hour where they are emulated`,
  );
  const script = [path.join(SCRIPTS, 'install.sh'), root, downloads, await unpackEmulator(work, lab)];
  await insideOwnUsers(['sh', ...script], lab);
}

/** @returns nothing on arm64. */
async function unpackEmulator(work: string, lab: LabContext): Promise<string> {
  if (hostArchitecture() === 'arm64') return '';
  const directory = path.join(work, 'emulator');
  const debs = await fetchPackages(
    await openAptWorld(lab, [SUITE]),
    emulator(),
    path.join(work, 'emulator-package'),
    lab,
  );
  await mkdir(directory);
  await unpackPackages(debs, directory, lab.signal);
  return path.join(directory, 'usr/bin/qemu-aarch64');
}

/** Both file systems are made of directories and put into place: nothing is mounted, and no loop device is needed. */
async function makeDisk(root: string, esp: string, work: string, lab: LabContext): Promise<void> {
  const [disk, espImage, rootImage] = ['disk.img', 'esp.img', 'root.img'].map((name) => path.join(work, name)) as [
    string,
    string,
    string,
  ];
  const options = { signal: lab.signal };
  const tree = ['-L', 'root', '-E', 'lazy_itable_init=0', '-m', '0', '-d', root];
  await insideOwnUsers(['mke2fs', '-q', '-t', 'ext4', ...tree, rootImage, `${ROOT_MIB}M`], lab);
  await writeFile(espImage, '');
  await truncate(espImage, ESP_MIB * MIB);
  await runTool('mformat', ['-i', espImage, '-F', '-v', 'ESP', '::'], options);
  await runTool('sh', ['-ec', 'mcopy -s -i "$1" "$2"/* ::', 'sh', espImage, esp], options);
  await writeFile(disk, '');
  await truncate(disk, (ROOT_START_MIB + ROOT_MIB + 1) * MIB);
  const table = [
    'label: gpt',
    `start=${ESP_START_MIB}MiB, size=${ESP_MIB}MiB, type=${ESP_TYPE}, uuid=${ESP_UUID}`,
    `start=${ROOT_START_MIB}MiB, size=${ROOT_MIB}MiB, type=${ROOT_TYPE}, uuid=${ROOT_UUID}`,
  ].join('\n');
  await runTool('sh', ['-ec', 'printf "%s\\n" "$2" | sfdisk --quiet "$1"', 'sh', disk, table], options);
  for (const [image, startMiB] of [
    [espImage, ESP_START_MIB],
    [rootImage, ROOT_START_MIB],
  ] as const) {
    await runTool('dd', [`if=${image}`, `of=${disk}`, 'bs=1M', `seek=${startMiB}`, 'conv=notrunc,sparse'], options);
  }
}

async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
}

async function insideOwnUsers(command: readonly string[], lab: LabContext): Promise<void> {
  await runTool('sh', [path.join(SCRIPTS, 'own-users.sh'), ...command], { signal: lab.signal });
}
