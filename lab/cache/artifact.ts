import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { requireTools, type Tool } from '../tool.ts';
import { withLock } from './lock.ts';

/** Something that takes time to make and is kept: a directory whose name carries a hash of everything that went into it. */
export interface Artifact {
  readonly name: string;
  /** Programs that its build starts on L0. */
  readonly tools: readonly Tool[];
  /** Room that the build takes while it runs, downloads and intermediate files included. */
  readonly buildBytes: bigint;
  /** Hash of the inputs. May need the network the first time, to learn which package versions there are. */
  key(lab: LabContext): Promise<string>;
  /** Fills `directory`, which is empty and temporary. */
  build(directory: string, lab: LabContext): Promise<void>;
}

/** Artifacts of an older key are kept for a day, because a run that started before the change may still use them. */
const OBSOLETE_AFTER_MS = 24 * 60 * 60 * 1000;

/** A short, stable hash of values; for the keys of artifacts. */
export function hashOf(...values: readonly string[]): string {
  const hash = createHash('sha256');
  for (const value of values) hash.update(`${Buffer.byteLength(value)}:${value}`);
  return hash.digest('hex').slice(0, 16);
}

/** Where the artifact is or will be. */
async function artifactDirectory(artifact: Artifact, lab: LabContext): Promise<string> {
  return path.join(lab.cacheDirectory, `${artifact.name}-${await artifact.key(lab)}`);
}

/**
 * Whether it was built, of whatever inputs. Finding out the key of the present ones can take programs and package lists
 * that a machine without any build does not have.
 */
export async function wasEverBuilt(artifact: Artifact, lab: LabContext): Promise<boolean> {
  const entries = await readdir(lab.cacheDirectory).catch(() => []);
  return entries.some((entry) => isKeyOf(artifact, entry));
}

/**
 * Gives the artifact's directory, building it first if it is missing. Two processes at once build it once. An interrupted
 * build leaves only a directory under a temporary name, which the next build of that artifact removes.
 */
export async function ensureArtifact(artifact: Artifact, lab: LabContext): Promise<string> {
  const directory = await artifactDirectory(artifact, lab);
  if (await exists(directory)) {
    await markUsed(directory);
    return directory;
  }
  await mkdir(lab.cacheDirectory, { recursive: true });
  const lock = path.join(lab.cacheDirectory, 'locks', artifact.name);
  const waiting = () => lab.report(`waiting for another build of ${artifact.name}`);
  return withLock(lock, waiting, async () => {
    if (await exists(directory)) return directory;
    await removeLeftovers(artifact, lab);
    await requireSpace(artifact, lab);
    await requireTools(artifact.tools);
    lab.report(`building ${artifact.name}`);
    const temporary = await mkdtemp(path.join(lab.cacheDirectory, `${temporaryPrefix(artifact)}`));
    try {
      await artifact.build(temporary, lab);
      await rename(temporary, directory);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    return directory;
  });
}

function temporaryPrefix(artifact: Artifact): string {
  return `.building-${artifact.name}-`;
}

async function removeLeftovers(artifact: Artifact, lab: LabContext): Promise<void> {
  for (const entry of await readdir(lab.cacheDirectory)) {
    const directory = path.join(lab.cacheDirectory, entry);
    // The lock is held, so a temporary directory of this artifact belongs to nobody any more.
    const interrupted = entry.startsWith(temporaryPrefix(artifact));
    if (interrupted || (isKeyOf(artifact, entry) && (await isObsolete(directory)))) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function isKeyOf(artifact: Artifact, entry: string): boolean {
  return entry.startsWith(`${artifact.name}-`) && /^[0-9a-f]{16}$/.test(entry.slice(artifact.name.length + 1));
}

async function isObsolete(directory: string): Promise<boolean> {
  return Date.now() - (await stat(directory)).mtimeMs > OBSOLETE_AFTER_MS;
}

async function markUsed(directory: string): Promise<void> {
  const now = new Date();
  await utimes(directory, now, now);
}

async function requireSpace(artifact: Artifact, lab: LabContext): Promise<void> {
  const { bavail, bsize } = await statfs(lab.cacheDirectory, { bigint: true });
  const free = bavail * bsize;
  if (free >= artifact.buildBytes) return;
  throw new LabError(
    `building ${artifact.name} needs ${mebibytes(artifact.buildBytes)} MiB in ${lab.cacheDirectory}; ${mebibytes(free)} MiB are free`,
    ['npm run lab -- clean', 'XDG_CACHE_HOME=/path/with/room npm run lab -- build'],
  );
}

function mebibytes(bytes: bigint): bigint {
  return bytes >> 20n;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
