import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { unpackPackages } from '../apt/unpack.ts';
import { type AptWorld, hostArchitecture, openAptWorld } from '../apt/world.ts';
import { type Artifact, hashOf } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';
import { makeExt4Image } from './image.ts';
import { kernelFiles } from './kernel.ts';
import { throughOwnLoader } from './qemu.ts';

const CROSS = 'aarch64-linux-gnu-';
/** The driver's folder in the kernel source, the same in mainline. */
const DRIVER_SOURCE = 'drivers/vfio/pci/nvgrace-gpu';

/** What the initrd loads before it can mount the root file system. */
const INITRD_MODULES = ['virtio_iommu', 'virtio_blk', 'ext4', 'crc32c_generic'];

/**
 * Debian's own arm64 kernel 6.12, with the nvgrace driver built as a module out of Debian's source of the same version,
 * unmodified: this kernel's configuration leaves it out.
 */
export const stockKernelArtifact: Artifact = {
  name: 'kernel-stock',
  tools: ['apt-get', 'dpkg-deb', 'tar', 'xz', 'make', 'gcc', 'aarch64-linux-gnu-gcc', 'depmod', 'modprobe', 'mke2fs'],
  buildBytes: 2200n << 20n,
  async key(lab) {
    const { world, kernel, kbuild } = await stockPackages(lab);
    const identities = [await resolvePackages(world, kernel), await resolvePackages(world, kbuild)].map(identityOf);
    return hashOf(await readFile(import.meta.filename, 'utf8'), await crossCompilerVersion(), ...identities);
  },
  async build(directory, lab) {
    const work = path.join(directory, 'work');
    const { world, release, kernel, kbuild } = await stockPackages(lab);
    const kernelDebs = await fetchPackages(world, kernel, path.join(work, 'debs'), lab);
    const kbuildDebs = await fetchPackages(world, kbuild, path.join(work, 'debs'), lab);
    const isSource = (deb: string) => path.basename(deb).startsWith('linux-source-');
    lab.report(`building the nvgrace module for Debian's kernel ${release}`);
    await unpackPackages([...kernelDebs.filter((deb) => !isSource(deb)), ...kbuildDebs], work, lab.signal);
    await wrapKbuildTools(work);
    const module = await buildDriverModule(work, release, kernelDebs.filter(isSource), lab);
    await assembleKernel(directory, { work, release, module }, lab);
    await rm(work, { recursive: true });
  },
};

/**
 * Which packages. The configuration of a Debian kernel names options of the compiler that built it (Debian 13's GCC 14 has
 * `-fmin-function-alignment`, which Debian 12's GCC 12 refuses), so the compiler here decides whose 6.12 is taken.
 */
async function stockPackages(lab: LabContext) {
  const [major = ''] = (await crossCompilerVersion()).split('.');
  const [suite, suites]: [string, string[]] =
    Number(major) >= 14 ? ['trixie', ['trixie']] : ['bookworm-backports', ['bookworm', 'bookworm-backports']];
  const world = await openAptWorld(lab, suites);
  const image = await imagePackage(world, suite);
  const release = image.replace(/^linux-image-/, '');
  const common = release.replace(/-arm64$/, '');
  const kernel: PackageRequest = {
    names: [
      `${image}:arm64/${suite}`,
      `linux-headers-${release}:arm64/${suite}`,
      `linux-headers-${common}-common/${suite}`,
      `linux-source-6.12/${suite}`,
    ],
    extent: 'exact',
    architecture: hostArchitecture(),
  };
  const kbuild: PackageRequest = {
    names: [`linux-kbuild-${common}`],
    extent: 'closure',
    architecture: hostArchitecture(),
    suite,
  };
  return { world, release, kernel, kbuild };
}

/** The newest kernel of the suite: what its meta package depends on. */
async function imagePackage(world: AptWorld, suite: string): Promise<string> {
  const names = [`linux-image-arm64:arm64/${suite}`];
  const closure = await resolvePackages(world, { names, extent: 'closure', architecture: 'arm64', suite });
  for (const { fileName } of closure) {
    const image = /^(linux-image-6\.12\.[^_]+-arm64)_/.exec(fileName)?.[1];
    if (image !== undefined) return image;
  }
  throw new LabError(`linux-image-arm64 of Debian ${suite} does not depend on a kernel 6.12`);
}

async function crossCompilerVersion(): Promise<string> {
  return (await runTool(`${CROSS}gcc`, ['-dumpfullversion'])).trim();
}

/** kbuild's own programs want the C library of their release: start them through the loader that came with them. */
async function wrapKbuildTools(work: string): Promise<void> {
  const kbuild = path.join(work, 'usr/lib', await onlyEntry(path.join(work, 'usr/lib'), /^linux-kbuild-/));
  const scripts = path.join(kbuild, 'scripts');
  // The real modpost is chosen by word size and byte order; arm64 is the same as the little-endian 64-bit one.
  await rename(path.join(scripts, 'mod/modpost.real-lsb-64'), path.join(scripts, 'mod/modpost'));
  for (const tool of ['basic/fixdep', 'genksyms/genksyms', 'mod/modpost']) {
    const program = path.join(scripts, tool);
    await rename(program, `${program}.elf`);
    const { command, args } = throughOwnLoader(work, `${program}.elf`);
    await writeFile(program, `#!/bin/sh\nexec ${[command, ...args].join(' ')} "$@"\n`, { mode: 0o755 });
  }
}

async function buildDriverModule(
  work: string,
  release: string,
  [sourceDeb = '']: readonly string[],
  lab: LabContext,
): Promise<string> {
  const headers = path.join(work, 'usr/src', `linux-headers-${release}`);
  const common = path.join(work, 'usr/src', `linux-headers-${release.replace(/-arm64$/, '')}-common`);
  await writeFile(path.join(headers, 'Makefile'), `include ${common}/Makefile\n`);
  // With it, the build would want to add BTF, for which it needs pahole.
  await rm(path.join(headers, 'vmlinux'), { force: true });
  const driver = path.join(work, 'driver');
  await mkdir(driver);
  await runTool(
    'sh',
    [
      '-ec',
      'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout --wildcards "./usr/src/linux-source-*.tar.xz" | tar --extract --xz --directory "$2" --strip-components=5 --wildcards "*/$3/*"',
      'sh',
      sourceDeb,
      driver,
      DRIVER_SOURCE,
    ],
    { signal: lab.signal },
  );
  const variables = ['ARCH=arm64', `CROSS_COMPILE=${CROSS}`, `CC=${CROSS}gcc`, 'CONFIG_NVGRACE_GPU_VFIO_PCI=m'];
  await runTool('make', ['-C', headers, `M=${driver}`, ...variables, 'modules'], { signal: lab.signal });
  return path.join(driver, 'nvgrace-gpu-vfio-pci.ko');
}

async function assembleKernel(
  directory: string,
  { work, release, module }: { work: string; release: string; module: string },
  lab: LabContext,
): Promise<void> {
  const files = kernelFiles(directory);
  const updates = path.join(work, 'usr/lib/modules', release, 'updates');
  await mkdir(updates);
  await copyFile(module, path.join(updates, path.basename(module)));
  await runTool('depmod', ['--basedir', work, release], { signal: lab.signal });
  await copyFile(path.join(work, 'boot', `vmlinuz-${release}`), files.image);
  await copyInitrdModules(work, release, files.initrdModules);
  const content = path.join(work, 'content');
  await mkdir(content);
  await rename(path.join(work, 'boot'), path.join(content, 'boot'));
  await rename(path.join(work, 'usr/lib/modules'), path.join(content, 'modules'));
  await makeExt4Image(content, files.fileSystem, { spareMiB: 8, signal: lab.signal });
}

async function copyInitrdModules(work: string, release: string, target: string): Promise<void> {
  const args = ['--dirname', work, '--set-version', release, '--show-depends', '--all', ...INITRD_MODULES];
  const lines = (await runTool('modprobe', args)).split('\n');
  const order = new Set<string>();
  await mkdir(target);
  for (const line of lines) {
    const file = /^insmod (\S+)/.exec(line)?.[1];
    if (file === undefined) continue;
    const name = path.basename(file).replace(/\.xz$/, '');
    if (order.has(name)) continue;
    order.add(name);
    await copyFile(file, path.join(target, path.basename(file)));
    if (file.endsWith('.xz')) await runTool('xz', ['--decompress', path.join(target, path.basename(file))]);
  }
  await writeFile(path.join(target, 'order'), [...order].map((name) => `${name}\n`).join(''));
}

async function onlyEntry(directory: string, pattern: RegExp): Promise<string> {
  const found = (await readdir(directory)).filter((entry) => pattern.test(entry));
  if (found.length !== 1) throw new LabError(`${directory} has ${found.length} entries like ${pattern}, not one`);
  return found[0] as string;
}
