import { access, cp, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { type Artifact, hashOf } from '../cache/artifact.ts';
import type { LabContext } from '../context.ts';
import { LabError } from '../error.ts';
import { runTool } from '../tool.ts';
import { makeExt4Image } from './image.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/** All that goes into the package or into building it. */
const SOURCES = [
  'bin',
  'scripts',
  'src',
  'templates',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'LICENSE',
];

/** ghpass as a user has it: packed from this checkout, installed globally, its helper compiled for arm64. Goes to /usr/local. */
export const ghpassArtifact: Artifact = {
  name: 'ghpass',
  tools: ['mke2fs', 'aarch64-linux-gnu-gcc'],
  buildBytes: 700n << 20n,
  async key() {
    return hashOf(await readFile(import.meta.filename, 'utf8'), ...(await sourceTexts()));
  },
  async build(directory, lab) {
    const work = path.join(directory, 'work');
    const prefix = path.join(directory, 'prefix');
    const tarball = await packCheckout(work, lab);
    lab.report('installing ghpass as a user would');
    await mkdir(prefix);
    await npm(
      ['install', '--global', '--prefix', prefix, '--omit=dev', '--ignore-scripts', '--prefer-offline', tarball],
      work,
      lab,
    );
    const installed = path.join(prefix, 'lib/node_modules/ghpass');
    await compileHelper(installed, lab);
    await makeExt4Image(prefix, ghpassImage(directory), { spareMiB: 4, signal: lab.signal });
    await rm(work, { recursive: true });
    await rm(prefix, { recursive: true });
  },
};

/** The file system image in an artifact's directory; it belongs on /usr/local. */
export function ghpassImage(directory: string): string {
  return path.join(directory, 'ghpass.img');
}

/** Statically linked, because L0's C library may be newer than that of L1. */
async function compileHelper(installed: string, lab: LabContext): Promise<void> {
  const output = await runTool('sh', ['-ec', 'node scripts/build-helper.js 2>&1'], {
    cwd: installed,
    env: { CC: 'aarch64-linux-gnu-gcc -static' },
    signal: lab.signal,
  });
  // The script goes on without a helper where there is no compiler: right for a user, wrong for the lab.
  await access(path.join(installed, 'build/ghpass-vfio')).catch((cause) => {
    throw new LabError(
      `the helper was not compiled for arm64: ${output}`,
      ['sudo apt-get install libc6-dev-arm64-cross'],
      {
        cause,
      },
    );
  });
}

/** Packs a copy, because packing compiles, and the checkout is the author's to compile in. */
async function packCheckout(work: string, lab: LabContext): Promise<string> {
  const copy = path.join(work, 'checkout');
  await mkdir(copy, { recursive: true });
  for (const source of SOURCES) {
    await cp(path.join(CHECKOUT, source), path.join(copy, source), { recursive: true }).catch(ignoreMissing);
  }
  await symlink(path.join(CHECKOUT, 'node_modules'), path.join(copy, 'node_modules'));
  lab.report('compiling and packing ghpass');
  await npm(['pack', '--pack-destination', work], copy, lab);
  const tarball = (await readdir(work)).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new LabError(`npm pack left no tarball in ${work}`);
  return path.join(work, tarball);
}

async function npm(args: readonly string[], cwd: string, lab: LabContext): Promise<void> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
  await runTool('npm', [...args, ...quiet], { cwd, signal: lab.signal });
}

async function sourceTexts(): Promise<string[]> {
  const texts: string[] = [];
  for (const source of SOURCES) await collectTexts(source, texts);
  return texts;
}

async function collectTexts(relative: string, texts: string[]): Promise<void> {
  const file = path.join(CHECKOUT, relative);
  const entries = await readdir(file, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) texts.push(relative, text);
    return;
  }
  for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    await collectTexts(path.join(relative, name), texts);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
