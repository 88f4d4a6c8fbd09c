import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { unpackPackages } from '../apt/unpack.ts';
import { hostArchitecture, openAptWorld } from '../apt/world.ts';
import { type Artifact, hashOf } from '../cache/artifact.ts';

/** Debian 12's 2022.11 loses the generic initiators of a guest; Debian 13 has 2025.02. */
const SUITE = 'trixie';

const request = (): PackageRequest => ({
  names: ['qemu-efi-aarch64'],
  extent: 'exact',
  architecture: hostArchitecture(),
});

/** UEFI firmware for L1. */
export const firmwareArtifact: Artifact = {
  name: 'firmware',
  tools: ['apt-get', 'dpkg-deb'],
  buildBytes: 600n << 20n,
  async key(lab) {
    return hashOf('1', identityOf(await resolvePackages(await openAptWorld(lab, [SUITE]), request())));
  },
  async build(directory, lab) {
    const downloads = path.join(directory, 'debs');
    const debs = await fetchPackages(await openAptWorld(lab, [SUITE]), request(), downloads, lab);
    await unpackPackages(debs, directory, lab.signal);
    await rm(downloads, { recursive: true });
  },
};

/** The two flash images of `firmware`, as QEMU wants them: code, and the variables to start from. */
export function firmwareFiles(directory: string): { code: string; variables: string } {
  const files = path.join(directory, 'usr/share/AAVMF');
  return { code: path.join(files, 'AAVMF_CODE.no-secboot.fd'), variables: path.join(files, 'AAVMF_VARS.fd') };
}
