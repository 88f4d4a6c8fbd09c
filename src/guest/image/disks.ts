import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { GuestBoot } from '../../plan/guest-plan.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { Journal } from '../journal/journal.ts';
import { type ImageFacts, inspectImage } from './inspect-image.ts';
import { makeOverlay, requireDiskSize } from './overlay.ts';
import { type SeedRequest, seedFiles } from './seed-files.ts';
import { makeSeedImage } from './seed-image.ts';

/** Disks that ghpass makes for a guest, beside those that are there. */
export interface DisksToMake {
  /** Image that the first disk is made from, and the size of that disk; null size: as the image. */
  image: { path: string; diskSizeBytes: bigint | null } | null;
  seed: SeedRequest | null;
}

interface MakeOptions {
  /** Name of the guest. */
  name: string;
  /** Has the directory of the guest already. */
  journal: Journal;
  signal: AbortSignal;
  progress(line: string): void;
}

const DISK = 'disk.qcow2';
const SEED = 'seed.iso';

/** Names of the disks that are made in the directory of a guest. */
export function madeFiles({ image, seed }: DisksToMake): string[] {
  return [...(image ? [DISK] : []), ...(seed ? [SEED] : [])];
}

/** What a guest boots with the disks that are made for it: firmware looks at the first disk first, and the seed boots nothing. */
export function withMadeDisks(boot: GuestBoot, { image, seed }: DisksToMake, directory: string): GuestBoot {
  return {
    ...boot,
    disks: [
      ...(image ? [{ path: join(directory, DISK), format: 'qcow2' as const }] : []),
      ...boot.disks,
      ...(seed ? [{ path: join(directory, SEED), format: 'raw' as const, readOnly: true as const }] : []),
    ],
  };
}

/**
 * Looks at the image of a guest, and changes nothing.
 * @returns null where no image is wanted.
 * @throws GhpassError those of {@link inspectImage} and {@link requireDiskSize}.
 */
export async function inspectDisks({ image }: DisksToMake, signal?: AbortSignal): Promise<ImageFacts | null> {
  if (image === null) return null;
  const facts = await inspectImage(image.path, signal);
  requireDiskSize(facts, image.diskSizeBytes);
  return facts;
}

/**
 * Makes the disks of a guest in its directory, whose definition names them.
 * @param image of {@link inspectDisks}.
 * @throws GhpassError those of {@link makeOverlay} and {@link makeSeedImage}.
 */
export async function makeDisks(
  { image: wanted, seed }: DisksToMake,
  image: ImageFacts | null,
  directory: string,
  { name, journal, signal, progress }: MakeOptions,
): Promise<void> {
  const tools = { signal, env: journal.environment };
  if (image) {
    const sizeBytes = requireDiskSize(image, wanted?.diskSizeBytes ?? null);
    const disk = join(directory, DISK);
    progress(`making ${disk}, ${formatBytes(sizeBytes)} over ${image.path}`);
    await makeOverlay(image, disk, sizeBytes, tools);
  }
  if (!seed) return;
  const files = { image: join(directory, SEED), directory: join(directory, 'seed') };
  progress(`making ${files.image} for cloud-init`);
  journal.record({ kind: 'directory', path: files.directory });
  await makeSeedImage(seedFiles(seed, `${name}-${randomUUID()}`), files, tools);
}
