import { gunzipSync } from 'node:zlib';
import type { HostFiles } from '../files.ts';
import { readBytesIfReadable, readText, readTextIfReadable } from '../files.ts';

/** What is known of the running kernel. */
export interface KernelFacts {
  /** As `uname -r` prints it; null where it is not known. */
  release: string | null;
  /** Major, minor and patch out of the release. */
  version: readonly [number, number, number] | null;
  /** Architecture in the kernel's words (`aarch64`); null where it is not known. */
  machine: string | null;
  /** Build options without the `CONFIG_` prefix; null where neither /proc/config.gz nor /boot has them. */
  config: ReadonlyMap<string, string> | null;
  commandLine: string | null;
}

/** @param release what `uname -r` says on that host, @param machine what `uname -m` says. */
export function readKernelFacts(files: HostFiles, release: string | null, machine: string | null): KernelFacts {
  return {
    release,
    version: parseKernelVersion(release),
    machine,
    config: readConfig(files, release),
    commandLine: readText(files, '/proc/cmdline'),
  };
}

/** `6.12.107+deb13-arm64` → 6, 12, 107. */
export function parseKernelVersion(release: string | null): KernelFacts['version'] {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release ?? '');
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : null;
}

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @returns null where it is no gzip file, or ends too early: of a captured host anything can come. */
function unpack(compressed: Uint8Array): string | null {
  try {
    return gunzipSync(compressed, { maxOutputLength: MAX_CONFIG_BYTES }).toString();
  } catch {
    return null;
  }
}

/** Ten times what a kernel with everything has. */
const MAX_CONFIG_BYTES = 4 << 20;

function readConfig(files: HostFiles, release: string | null): Map<string, string> | null {
  const compressed = readBytesIfReadable(files, '/proc/config.gz');
  const text = (compressed && unpack(compressed)) ?? (release && readTextIfReadable(files, `/boot/config-${release}`));
  if (!text) return null;
  return new Map([...text.matchAll(/^CONFIG_(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
