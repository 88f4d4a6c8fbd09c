import { type Artifact, ensureArtifact, wasEverBuilt } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { requireTools, type Tool } from '../tool.ts';
import { cloudImageArtifact } from './cloud-image.ts';
import { firmwareArtifact } from './firmware.ts';
import { ghpassArtifact } from './ghpass.ts';
import type { Kernel } from './kernel.ts';
import { fullKernelArtifact } from './kernel-full.ts';
import { stockKernelArtifact } from './kernel-stock.ts';
import { qemuArtifact } from './qemu.ts';
import { USERLANDS, type Userland, userlandArtifact } from './userland.ts';

/** Started by the lab itself, at every build and every run. */
const ALWAYS_NEEDED: readonly Tool[] = ['flock', 'setpriv', 'tar', 'cpio', 'iasl'];

const KERNEL_ARTIFACTS: Readonly<Record<Kernel, Artifact>> = { stock: stockKernelArtifact, full: fullKernelArtifact };

/** What a virtual Grace host is made of; `ghpass` may be left out. */
export interface LabSelection {
  readonly kernel: Kernel;
  readonly userland: Userland;
  readonly withGhpass: boolean;
}

export interface SelectedArtifacts {
  readonly qemu: Artifact;
  readonly firmware: Artifact;
  readonly kernel: Artifact;
  readonly userland: Artifact;
  readonly ghpass?: Artifact;
}

/** The artifacts of a selection. */
export function selectArtifacts({ kernel, userland, withGhpass }: LabSelection): SelectedArtifacts {
  return {
    qemu: qemuArtifact,
    firmware: firmwareArtifact,
    kernel: KERNEL_ARTIFACTS[kernel],
    userland: userlandArtifact(userland),
    ...(withGhpass ? { ghpass: ghpassArtifact } : {}),
  };
}

/** All that virtual Grace hosts are made of. */
export function hostArtifacts(): Artifact[] {
  return [
    qemuArtifact,
    firmwareArtifact,
    stockKernelArtifact,
    fullKernelArtifact,
    ...USERLANDS.map(userlandArtifact),
    ghpassArtifact,
  ];
}

/** Every artifact there is, by name. */
export function artifactsByName(): ReadonlyMap<string, Artifact> {
  const artifacts = [...hostArtifacts(), cloudImageArtifact];
  return new Map(artifacts.map((artifact) => [artifact.name, artifact]));
}

/** Builds what is missing and gives the directories in the same order. All missing programs are reported before anything starts. */
export async function ensureArtifacts(artifacts: readonly Artifact[], lab: LabContext): Promise<readonly string[]> {
  const needed = [...ALWAYS_NEEDED];
  for (const artifact of artifacts) {
    if (!(await wasEverBuilt(artifact, lab))) needed.push(...artifact.tools);
  }
  await requireTools(needed);
  const directories: string[] = [];
  for (const artifact of artifacts) directories.push(await ensureArtifact(artifact, lab));
  return directories;
}
