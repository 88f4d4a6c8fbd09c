// Compiles the native helper, src/vfio/helper/*.c, into build/ghpass-vfio. npm runs this when the package is installed.
// ${CC:-cc} is the compiler, which may be a cross-compiler and may have arguments ("ccache gcc").

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..');
const SOURCES = join(PACKAGE, 'src/vfio/helper');
const BUILD = join(PACKAGE, 'build');
const EXECUTABLE = join(BUILD, 'ghpass-vfio');
/** What the executable was made of; equal means up to date. */
const FINGERPRINT = join(BUILD, 'ghpass-vfio.sha256');

const FLAGS = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O2', '-pthread'];
const SMALLEST_PROGRAM = '#include <stdio.h>\nint main(void) { return puts(""); }\n';

/** @returns exit status: 0 also where nothing can be compiled, since all but live probing works without the helper. */
function main() {
  if (process.platform !== 'linux') return 0;
  const compiler = (process.env.CC || 'cc').trim().split(/\s+/);
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const flags = [...FLAGS, `-DGHPASS_VERSION="${version}"`];
  const files = readdirSync(SOURCES)
    .filter((name) => /\.[ch]$/.test(name))
    .sort();

  const fingerprint = fingerprintOf(files, [...compiler, ...flags]);
  if (isUpToDate(fingerprint)) return 0;

  mkdirSync(BUILD, { recursive: true });
  const directory = mkdtempSync(join(BUILD, '.ghpass-vfio-'));
  try {
    return build(compiler, flags, files, directory, fingerprint);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function build(compiler, flags, files, directory, fingerprint) {
  const executable = join(directory, 'ghpass-vfio');
  const sources = files.filter((name) => name.endsWith('.c')).map((name) => join(SOURCES, name));
  const compiled = compile(compiler, [...flags, ...sources, '-o', executable]);
  if (compiled.error)
    return withoutHelper(`the C compiler '${compiler.join(' ')}' cannot be run (${compiled.error.code})`);
  if (compiled.status !== 0) {
    const smallest = compile(compiler, ['-x', 'c', '-', '-o', join(directory, 'smallest')], SMALLEST_PROGRAM);
    if (smallest.status !== 0) return withoutHelper(`the C compiler '${compiler.join(' ')}' finds no C library`);
    process.stderr.write(`ghpass: ghpass-vfio does not compile with '${compiler.join(' ')}':\n${compiled.stderr}`);
    return 1;
  }
  // A run that starts in between finds the old helper or the new one, never half of one; and no fingerprint of another.
  rmSync(FINGERPRINT, { force: true });
  renameSync(executable, EXECUTABLE);
  writeFileSync(FINGERPRINT, `${fingerprint}\n`);
  return 0;
}

function compile([command, ...args], more, input = '') {
  return spawnSync(command, [...args, ...more], { encoding: 'utf8', input, env: { ...process.env, LC_ALL: 'C' } });
}

function fingerprintOf(files, command) {
  const hash = createHash('sha256').update(JSON.stringify(command));
  for (const name of files) hash.update(`\0${name}\0`).update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex');
}

function isUpToDate(fingerprint) {
  return existsSync(EXECUTABLE) && existsSync(FINGERPRINT) && readFileSync(FINGERPRINT, 'utf8').trim() === fingerprint;
}

function withoutHelper(what) {
  process.stderr.write(
    `ghpass: ghpass-vfio is not built: ${what}; live probing needs it, dry runs do not. ` +
      'To build it: apt-get install gcc libc6-dev, then npm rebuild ghpass\n',
  );
  return 0;
}

process.exitCode = main();
