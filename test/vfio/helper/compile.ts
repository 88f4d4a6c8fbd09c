import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '../../..');
const HELPER = join(REPOSITORY, 'src/vfio/helper');
const FAKE_SYSTEM = ['fake-system.c', 'fake-memory.c'].map((name) => join(import.meta.dirname, name));

const FLAGS = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-pthread', '-DGHPASS_VERSION="1.2.3"'];
/** Every memory error and every undefined behaviour ends the process. */
const SANITIZERS = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

/** Whether `command` can be run at all. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Whether a compiler is there with the libraries of its sanitizers, which some distributions package apart. */
export function canSanitize(compiler: string, directory: string): boolean {
  const source = join(directory, 'empty.c');
  writeFileSync(source, 'int main(void) { return 0; }\n');
  try {
    compile(compiler, [...SANITIZERS, source], join(directory, 'empty'));
    return true;
  } catch {
    return false;
  }
}

/** Compiles the helper with the kernel's seam replaced by fake-system.c; gives the path of the executable. */
export function compileWithFakeKernel(
  directory: string,
  flags: readonly string[] = SANITIZERS,
  compiler = 'cc',
): string {
  const executable = join(directory, 'ghpass-vfio-fake');
  compile(
    compiler,
    [...flags, `-I${HELPER}`, ...sources().filter((file) => !file.endsWith('/system.c')), ...FAKE_SYSTEM],
    executable,
  );
  return executable;
}

/** Compiles the helper as it ships. Throws what the compiler said. */
export function compileHelper(compiler: string, directory: string, flags: readonly string[] = ['-O2']): string {
  const executable = join(directory, `ghpass-vfio-${compiler}`);
  compile(compiler, [...flags, ...sources()], executable);
  return executable;
}

/** One source of the helper as the compiler would have it assembled. */
export function assemblyOf(source: string, compiler: string, ...flags: string[]): string {
  return execFileSync(compiler, [...FLAGS, ...flags, '-S', '-o', '-', join(HELPER, source)], { encoding: 'utf8' });
}

function compile(compiler: string, args: readonly string[], executable: string): void {
  execFileSync(compiler, [...FLAGS, ...args, '-o', executable], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function sources(): string[] {
  return readdirSync(HELPER)
    .filter((name) => name.endsWith('.c'))
    .map((name) => join(HELPER, name));
}
