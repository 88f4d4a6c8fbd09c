import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The directory of the inputs: `$XDG_CACHE_HOME/ghpass/fuzz`, by default below `~/.cache` (XDG base directories 0.8). */
export function fuzzDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: base } = env;
  const root = base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache');
  return join(root, 'ghpass', 'fuzz');
}

/** The same input has the same name. */
export function inputName(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16);
}

/** All inputs of a directory, which is made where it is missing; in the order of their names. */
export function readInputs(directory: string): Uint8Array[] {
  mkdirSync(directory, { recursive: true });
  return readdirSync(directory)
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(directory, name))));
}

/** Keeps an input with which a target failed. @returns its path. */
export function keepFailure(directory: string, kind: string, input: Uint8Array): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${kind}-${inputName(input)}`);
  writeFileSync(path, input);
  return path;
}
