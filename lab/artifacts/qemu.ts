import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { unpackPackages } from '../apt/unpack.ts';
import { hostArchitecture, openAptWorld } from '../apt/world.ts';
import { type Artifact, ensureArtifact, hashOf } from '../cache/artifact.ts';
import { createLabContext, type LabContext } from '../context.ts';

/** vfio-user, with which the lab's GPUs are attached, came with QEMU 10.1; unstable has 11.1. */
const SUITE = 'sid';
const PROGRAM_DIRECTORY = 'usr/bin';

const request = (): PackageRequest => ({
  names: ['qemu-system-arm', 'qemu-utils'],
  extent: 'closure',
  architecture: hostArchitecture(),
});

/** QEMU of Debian unstable for this machine's own architecture, unpacked and never installed. */
export const qemuArtifact: Artifact = {
  name: 'qemu',
  tools: ['apt-get', 'dpkg-deb'],
  buildBytes: 800n << 20n,
  async key(lab) {
    return hashOf('1', identityOf(await resolvePackages(await openAptWorld(lab, [SUITE]), request())));
  },
  async build(directory, lab) {
    const world = await openAptWorld(lab, [SUITE]);
    const downloads = path.join(directory, 'debs');
    const debs = await fetchPackages(world, request(), downloads, lab);
    await unpackPackages(debs, directory, lab.signal);
    await rm(downloads, { recursive: true });
  },
};

/** A program of the lab's QEMU, ready to be started on this machine. */
export interface LabQemu {
  readonly command: string;
  /** Goes before the program's own arguments. */
  readonly args: readonly string[];
  /** Firmware and ROMs that belong to it (`-L`); its arguments contain it already where it is a system emulator. */
  readonly dataDirectory: string;
}

export type QemuProgram = 'qemu-system-aarch64' | 'qemu-img';

/**
 * Gives the lab's QEMU, built first if need be, so that a test can start it without anything being installed. It runs
 * through its own loader with its own libraries, which makes it independent of this machine's C library.
 */
export async function labQemu(
  program: QemuProgram = 'qemu-system-aarch64',
  lab: LabContext = createLabContext(),
): Promise<LabQemu> {
  const root = await ensureArtifact(qemuArtifact, lab);
  const dataDirectory = path.join(root, 'usr/share/qemu');
  return {
    ...throughOwnLoader(
      root,
      path.join(root, PROGRAM_DIRECTORY, program),
      program === 'qemu-img' ? [] : ['-L', dataDirectory],
    ),
    dataDirectory,
  };
}

/** How to start a program of an unpacked root with the loader and the libraries of that root. */
export function throughOwnLoader(
  root: string,
  program: string,
  args: readonly string[] = [],
): { command: string; args: string[] } {
  const [triplet, loader] =
    hostArchitecture() === 'amd64'
      ? ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2']
      : ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'];
  const libraries = path.join(root, 'usr/lib', triplet);
  return { command: path.join(libraries, loader), args: ['--library-path', libraries, program, ...args] };
}
