import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hashOf } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';
import type { AptWorld, DebianArchitecture } from './world.ts';

/** One package file of the archive: exactly one version, for one architecture. */
export interface PackageFile {
  /** As apt names it on disk: `NAME_VERSION_ARCHITECTURE.deb`, a colon of the version as `%3a`. */
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly checksum: string;
}

/** Packages to take out of a world. */
export interface PackageRequest {
  /** `NAME`, `NAME:ARCHITECTURE`, `NAME/SUITE`. */
  readonly names: readonly string[];
  /** `closure`: with everything they depend on, as into an empty system. `exact`: these alone. */
  readonly extent: 'closure' | 'exact';
  readonly architecture: DebianArchitecture;
  /** The suite to prefer where the world has several; the first one by default. */
  readonly suite?: string;
}

/**
 * Says which package files a request comes down to. The answer is kept with the lists that it was made from: apt takes
 * seconds for it, and a built lab asks at every run.
 */
export async function resolvePackages(world: AptWorld, request: PackageRequest): Promise<readonly PackageFile[]> {
  const memo = path.join(world.directory, 'resolved', `${hashOf(JSON.stringify(request))}.json`);
  try {
    return JSON.parse(await readFile(memo, 'utf8'));
  } catch {}
  const output = await runTool(
    'apt-get',
    [...aptArguments(request, '/nonexistent'), '--print-uris', ...request.names],
    {
      env: { APT_CONFIG: world.configFile },
    },
  );
  const files = output.split('\n').flatMap(parseUriLine);
  if (files.length === 0) {
    throw new LabError(`apt names no file for ${request.names.join(' ')} in Debian ${world.suites.join(', ')}`);
  }
  await writeFile(`${memo}.${process.pid}`, JSON.stringify(files));
  await rename(`${memo}.${process.pid}`, memo);
  return files;
}

/** A stable text for the key of an artifact: which files, and what is in them. */
export function identityOf(files: readonly PackageFile[]): string {
  return files
    .map((file) => `${file.fileName} ${file.checksum}`)
    .sort()
    .join('\n');
}

/** Downloads what `request` comes down to into `directory`; gives the paths of the package files. */
export async function fetchPackages(
  world: AptWorld,
  request: PackageRequest,
  directory: string,
  lab: LabContext,
): Promise<readonly string[]> {
  const files = await resolvePackages(world, request);
  const mebibytes = Math.ceil(files.reduce((sum, file) => sum + file.sizeBytes, 0) / 2 ** 20);
  lab.report(`fetching ${files.length} packages, ${mebibytes} MiB`);
  await mkdir(path.join(directory, 'partial'), { recursive: true });
  const args = [...aptArguments(request, directory), '--download-only', ...request.names];
  try {
    await runTool('apt-get', args, { cwd: directory, env: { APT_CONFIG: world.configFile }, signal: lab.signal });
  } catch (cause) {
    lab.signal?.throwIfAborted();
    throw new LabError(
      `could not fetch ${request.names.join(' ')} of Debian ${world.suites.join(', ')}. The lab needs the network while it is built; a built lab works offline.\n${cause instanceof Error ? cause.message : cause}`,
      ['npm run lab -- build --refresh   (if the archive has newer versions by now)'],
      { cause },
    );
  }
  return files.map((file) => path.join(directory, file.fileName));
}

function aptArguments(request: PackageRequest, archives: string): string[] {
  return [
    request.extent === 'closure' ? 'install' : 'download',
    '--yes',
    '--quiet=2',
    ...(request.suite === undefined ? [] : [`--target-release=${request.suite}`]),
    // Else --print-uris prints MD5 sums, which newer archives do not have.
    '--option=Acquire::ForceHash=sha256',
    `--option=APT::Architecture=${request.architecture}`,
    `--option=Dir::Cache::archives=${archives}`,
  ];
}

/** A line of --print-uris: `'URI' FILE SIZE SHA256:…`. */
function parseUriLine(line: string): PackageFile[] {
  const match = /^'[^']+' (\S+\.deb) (\d+) (\S+)$/.exec(line);
  if (!match) return [];
  const [, fileName = '', size = '', checksum = ''] = match;
  return [{ fileName, sizeBytes: Number(size), checksum }];
}
