import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunOptions } from './run-target.ts';

/** The one target that is C. */
export const HELPER_NAMES = 'helper-names';

const HELPER = join(import.meta.dirname, '../src/vfio/helper');
const HARNESS = join(import.meta.dirname, 'helper-names.c');
const SEEDS = ['0009:01:00.0', 'fedcba98:ff:1f.7', 'nvgrace_gpu_vfio_pci', 'vfio-pci', 'vfio3', '12'];
const MAX_BYTES = 96;

/**
 * Fuzzes what the helper lets into a path, with libFuzzer under ASan and UBSan.
 * @param say takes each line of output.
 * @returns whether nothing was found; also true where there is no libFuzzer, which is said.
 */
export function fuzzHelperNames(options: RunOptions, say: (line: string) => void): boolean {
  const directory = join(options.directory, HELPER_NAMES);
  const failures = join(options.directory, 'failures', HELPER_NAMES);
  mkdirSync(directory, { recursive: true });
  mkdirSync(failures, { recursive: true });
  const executable = join(options.directory, `${HELPER_NAMES}-${process.pid}`);
  const compiled = compile(executable);
  if (compiled !== null) {
    say(`${HELPER_NAMES}: left out: ${compiled}`);
    say('  Try this: apt-get install clang libclang-rt-14-dev');
    return true;
  }
  SEEDS.forEach((seed, i) => {
    writeFileSync(join(directory, `seed-${i}`), seed);
  });
  const limits = [`-runs=${options.runs}`, `-seed=${options.seed || 1}`, `-max_len=${MAX_BYTES}`];
  if (options.seconds !== null) limits.push(`-max_total_time=${options.seconds}`);
  const run = spawnSync(executable, [...limits, '-timeout=10', `-artifact_prefix=${failures}/`, directory], {
    encoding: 'utf8',
    env: { ...process.env, UBSAN_OPTIONS: 'halt_on_error=1' },
  });
  rmSync(executable);
  const lines = run.stderr.trim().split('\n');
  const done = lines.findLast((line) => line.includes('DONE'))?.trim();
  say(`${HELPER_NAMES}: ${done ?? lines.slice(-8).join('\n  ')}`);
  return run.status === 0;
}

/** @returns null, or why it could not be compiled. */
function compile(executable: string): string | null {
  const flags = ['-std=c11', '-g', '-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'];
  const sources = [HARNESS, join(HELPER, 'names.c')];
  const run = spawnSync('clang', [...flags, `-I${HELPER}`, ...sources, '-o', executable], { encoding: 'utf8' });
  if (run.error) return `clang cannot be run (${run.error.message})`;
  return run.status === 0 ? null : (run.stderr.trim().split('\n')[0] ?? 'clang failed');
}
