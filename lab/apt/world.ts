import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from '../cache/lock.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';
import { debianMirror } from './mirror.ts';

/** Names of Debian's architectures that the lab deals with. */
export type DebianArchitecture = 'amd64' | 'arm64';

/**
 * A private apt: its own configuration, lists and (empty) dpkg database, so that it works without root and leaves the
 * machine's own alone. It sees one or more suites, for this machine's architecture and for arm64.
 */
export interface AptWorld {
  readonly directory: string;
  readonly suites: readonly string[];
  /** What to point APT_CONFIG at. */
  readonly configFile: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Debian's name for this machine's architecture. Throws where the lab has no QEMU for it. */
export function hostArchitecture(arch: string = process.arch): DebianArchitecture {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new LabError(`the lab runs on x86-64 and arm64 machines, not on ${arch}`);
}

/** Where the package lists of all worlds are: below this directory, one per set of suites. */
function aptDirectory(lab: LabContext): string {
  return path.join(lab.cacheDirectory, 'apt');
}

/**
 * Opens the world of these suites. Its lists are fetched once and then kept, so that the versions chosen from them stay
 * the same, also without network, until they are dropped by {@link forgetAptWorlds}.
 */
export async function openAptWorld(lab: LabContext, suites: readonly string[]): Promise<AptWorld> {
  const directory = path.join(aptDirectory(lab), suites.join('+'));
  const world = { directory, suites, configFile: path.join(directory, 'apt.conf') };
  if (await exists(directory)) return world;
  const waiting = () => lab.report(`waiting for another fetch of the package lists of ${suites.join(', ')}`);
  await withLock(path.join(lab.cacheDirectory, 'locks', `apt-${suites.join('+')}`), waiting, async () => {
    if (!(await exists(directory))) await createAptWorld(world, lab);
  });
  return world;
}

/** Drops all lists, so that the next build sees what the archive has now. */
export async function forgetAptWorlds(lab: LabContext): Promise<void> {
  await rm(aptDirectory(lab), { recursive: true, force: true });
}

async function createAptWorld(world: AptWorld, lab: LabContext): Promise<void> {
  await requireKeyring();
  const mirror = await debianMirror(lab);
  lab.report(`fetching the package lists of Debian ${world.suites.join(', ')}`);
  const temporary = `${world.directory}.new`;
  await rm(temporary, { recursive: true, force: true });
  await writeWorldFiles({ ...world, directory: temporary, configFile: path.join(temporary, 'apt.conf') }, mirror);
  try {
    await runTool('apt-get', ['update', '--error-on=any'], {
      env: { APT_CONFIG: path.join(temporary, 'apt.conf') },
      signal: lab.signal,
    });
  } catch (cause) {
    lab.signal?.throwIfAborted();
    await rm(temporary, { recursive: true, force: true });
    throw new LabError(
      `could not fetch the package lists of Debian ${world.suites.join(', ')} from ${mirror}. The lab needs the network while it is built; a built lab works offline.\n${messageOf(cause)}`,
      ['GHPASS_LAB_MIRROR=URI npm run lab -- build'],
      { cause },
    );
  }
  // From here on the paths inside are those of the final place.
  await writeFile(path.join(temporary, 'apt.conf'), aptConfiguration(world.directory, await inheritedConfiguration()));
  await rename(temporary, world.directory);
}

async function writeWorldFiles(world: AptWorld, mirror: string): Promise<void> {
  await mkdir(path.join(world.directory, 'lists/partial'), { recursive: true });
  await mkdir(path.join(world.directory, 'resolved'));
  await writeFile(path.join(world.directory, 'status'), '');
  const sources = world.suites.map((suite) => `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`);
  await writeFile(path.join(world.directory, 'sources.list'), sources.join(''));
  await writeFile(world.configFile, aptConfiguration(world.directory, await inheritedConfiguration()));
}

/** How this machine reaches an archive (proxies, certificates, time limits) holds for the lab, too. */
async function inheritedConfiguration(): Promise<string> {
  const dump = await runTool('apt-config', ['dump', 'Acquire']);
  return dump
    .split('\n')
    .filter((line) => !/^Acquire::(Languages|Check-Valid-Until|IndexTargets|GzipIndexes)\b/.test(line))
    .join('\n');
}

function aptConfiguration(directory: string, inherited: string): string {
  const foreign = hostArchitecture() === 'arm64' ? '' : ' "arm64";';
  return `${inherited}
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "${directory}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "${directory}";
Dir::State::lists "${directory}/lists";
Dir::State::status "${directory}/status";
Dir::Cache "${directory}/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Architecture "${hostArchitecture()}";
APT::Architectures { "${hostArchitecture()}";${foreign} };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
// The Release file of unstable can be past its date on a slow mirror.
Acquire::Check-Valid-Until "false";
Debug::NoLocking "true";
`;
}

async function requireKeyring(): Promise<void> {
  if (await exists(KEYRING)) return;
  throw new LabError(`${KEYRING} is missing: the signatures of Debian's archive cannot be checked`, [
    'sudo apt-get install debian-archive-keyring',
  ]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
