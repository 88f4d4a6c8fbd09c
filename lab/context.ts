import { homedir } from 'node:os';
import path from 'node:path';

/** What every part of the lab needs to know about this run of it. */
export interface LabContext {
  /** Everything that is kept between runs: built artifacts, package lists. */
  readonly cacheDirectory: string;
  /** Where the package lists come from, if not from this machine's apt configuration. */
  readonly mirror: string | undefined;
  /** Says what goes on now; one call per phase. */
  readonly report: (phase: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** The directory of the lab's cache: `$XDG_CACHE_HOME/ghpass/lab`, by default below `~/.cache` (XDG base directories 0.8). */
export function labCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CACHE_HOME: base } = env;
  // The specification wants relative paths to be ignored.
  const root = base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.cache');
  return path.join(root, 'ghpass', 'lab');
}

export interface LabContextOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly report?: (phase: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A context out of the environment: `XDG_CACHE_HOME` and `GHPASS_LAB_MIRROR`. */
export function createLabContext({ env = process.env, report = () => {}, signal }: LabContextOptions = {}): LabContext {
  const { GHPASS_LAB_MIRROR: mirror } = env;
  return {
    cacheDirectory: labCacheDirectory(env),
    mirror: mirror === undefined || mirror === '' ? undefined : mirror,
    report,
    signal,
  };
}
