import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fetchPackages, identityOf, type PackageFile, type PackageRequest, resolvePackages } from '../apt/packages.ts';
import { type AptWorld, hostArchitecture, openAptWorld } from '../apt/world.ts';
import { type Artifact, hashOf } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';
import { makeExt4Image } from './image.ts';
import { kernelFiles } from './kernel.ts';

const CONFIG_FRAGMENT = path.join(import.meta.dirname, '../kernel/full.config');
const VARIABLES = ['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-'];
/** Where Debian puts its newest kernels: sometimes backports are ahead of unstable. */
const SUITES = ['trixie-backports', 'sid'];

/** The newest kernel that Debian has the source of, with what a Grace host wants: the driver, iommufd, cdev, 64 NUMA nodes. */
export const fullKernelArtifact: Artifact = {
  name: 'kernel-full',
  tools: [
    'apt-get',
    'dpkg-deb',
    'tar',
    'xz',
    'make',
    'gcc',
    'aarch64-linux-gnu-gcc',
    'flex',
    'bison',
    'bc',
    'perl',
    'depmod',
    'mke2fs',
  ],
  buildBytes: 5000n << 20n,
  async key(lab) {
    const { file } = await newestSource(lab);
    return hashOf('1', await readFile(CONFIG_FRAGMENT, 'utf8'), identityOf([file]));
  },
  async build(directory, lab) {
    const work = path.join(directory, 'work');
    const { world, request } = await newestSource(lab);
    const [deb = ''] = await fetchPackages(world, request, path.join(work, 'debs'), lab);
    const source = await unpackSource(deb, work, lab);
    await configure(source, lab);
    lab.report(`compiling ${path.basename(deb, '.deb')} (20 minutes of CPU time or more)`);
    await runTool('nice', ['make', '-C', source, ...VARIABLES, `-j${availableParallelism()}`, 'Image'], {
      signal: lab.signal,
    });
    await assembleKernel(directory, source, lab);
    await rm(work, { recursive: true });
  },
};

/** The highest version among the packages `linux-source-X.Y` of the suites. */
async function newestSource(lab: LabContext): Promise<{ world: AptWorld; request: PackageRequest; file: PackageFile }> {
  let newest: { world: AptWorld; request: PackageRequest; file: PackageFile; version: string } | undefined;
  for (const suite of SUITES) {
    const world = await openAptWorld(lab, [suite]);
    // The meta package is not in every suite, so each names its versions itself.
    for (const name of await sourcePackages(world)) {
      const request: PackageRequest = { names: [name], extent: 'exact', architecture: hostArchitecture() };
      const [file] = await resolvePackages(world, request);
      const version = file?.fileName.split('_')[1] ?? '';
      if (file === undefined || (newest && !(await isLater(version, newest.version)))) continue;
      newest = { world, request, file, version };
    }
  }
  if (newest === undefined) throw new LabError(`no kernel source in Debian ${SUITES.join(' or ')}`);
  return newest;
}

async function sourcePackages(world: AptWorld): Promise<string[]> {
  const memo = path.join(world.directory, 'resolved', 'linux-source.json');
  try {
    return JSON.parse(await readFile(memo, 'utf8'));
  } catch {}
  const names = await runTool('apt-cache', ['pkgnames', 'linux-source-'], { env: { APT_CONFIG: world.configFile } });
  const sources = names.split('\n').filter((name) => /^linux-source-\d+\.\d+$/.test(name));
  await writeFile(memo, JSON.stringify(sources));
  return sources;
}

async function isLater(version: string, other: string): Promise<boolean> {
  return runTool('dpkg', ['--compare-versions', version, 'gt', other]).then(
    () => true,
    () => false,
  );
}

async function unpackSource(deb: string, work: string, lab: LabContext): Promise<string> {
  lab.report('unpacking the kernel source');
  const source = path.join(work, 'linux');
  await mkdir(source);
  const pipeline =
    'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout --wildcards "./usr/src/linux-source-*.tar.xz" | tar --extract --xz --directory "$2" --strip-components=1';
  await runTool('sh', ['-ec', pipeline, 'sh', deb, source], { signal: lab.signal });
  await rm(deb);
  return source;
}

/** Throws where a wanted option did not get into the configuration: a dependency changed, and the kernel would lack it silently. */
async function configure(source: string, lab: LabContext): Promise<void> {
  const fragment = await readFile(CONFIG_FRAGMENT, 'utf8');
  const make = (target: string) => runTool('make', ['-C', source, ...VARIABLES, target], { signal: lab.signal });
  await make('allnoconfig');
  const file = path.join(source, '.config');
  await writeFile(file, `${await readFile(file, 'utf8')}\n${fragment}`);
  await make('olddefconfig');
  const taken = new Set((await readFile(file, 'utf8')).split('\n'));
  const lost = fragment.split('\n').filter((line) => /^CONFIG_\w+=/.test(line) && !taken.has(line));
  if (lost.length > 0)
    throw new LabError(`this kernel source did not take, from ${CONFIG_FRAGMENT}: ${lost.join(' ')}`);
}

async function assembleKernel(directory: string, source: string, lab: LabContext): Promise<void> {
  const files = kernelFiles(directory);
  const release = (await runTool('make', ['-s', '-C', source, ...VARIABLES, 'kernelrelease'])).trim();
  const content = path.join(path.dirname(source), 'content');
  const modules = path.join(content, 'modules', release);
  await mkdir(path.join(content, 'boot'), { recursive: true });
  await mkdir(modules, { recursive: true });
  const image = path.join(source, 'arch/arm64/boot/Image');
  await copyFile(image, files.image);
  await copyFile(image, path.join(content, 'boot', `vmlinuz-${release}`));
  await copyFile(path.join(source, '.config'), path.join(content, 'boot', `config-${release}`));
  for (const file of ['modules.builtin', 'modules.builtin.modinfo']) {
    await copyFile(path.join(source, file), path.join(modules, file));
  }
  await writeFile(path.join(modules, 'modules.order'), '');
  const modinfo = await readFile(path.join(source, 'modules.builtin.modinfo'), 'utf8');
  await indexModules(content, release, lab);
  await writeFile(path.join(modules, 'modules.alias'), moduleAliases(modinfo));
  await makeExt4Image(content, files.fileSystem, { spareMiB: 4, signal: lab.signal });
  await mkdir(files.initrdModules);
  await writeFile(path.join(files.initrdModules, 'order'), '');
}

/** depmod looks below lib/modules; the artifact's own layout is what L1 mounts over it. */
async function indexModules(content: string, release: string, lab: LabContext): Promise<void> {
  await mkdir(path.join(content, 'lib'));
  await runTool('ln', ['--symbolic', '../modules', path.join(content, 'lib/modules')]);
  await runTool('depmod', ['--basedir', content, release], { signal: lab.signal });
  await rm(path.join(content, 'lib'), { recursive: true });
}

/**
 * The lines of modules.alias for drivers that are built in. depmod writes them only for modules; the kernel build records the
 * same aliases, separated by NUL, as `DRIVER.alias=PATTERN` (Linux 6.18: scripts/mod/file2alias.c, builtin modules).
 */
function moduleAliases(builtinModinfo: string): string {
  const lines = builtinModinfo.split('\0').flatMap((entry) => {
    const match = /^([^.=]+)\.alias=(.*)$/s.exec(entry);
    return match ? [`alias ${match[2]} ${match[1]}\n`] : [];
  });
  return lines.join('');
}
