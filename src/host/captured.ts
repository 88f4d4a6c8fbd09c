import { GhpassError } from '../errors.ts';
import type { HostFiles } from './files.ts';
import { readText } from './files.ts';
import type { Host, HostSource } from './host.ts';
import type { ToolFacts } from './tools.ts';

/** Root of what no file of a host shows, inside a captured host. */
const EXTRA = '/ghpass';

/**
 * A host that is a set of files: a snapshot, or one that ships with ghpass. Nothing is run on its behalf.
 * @param name of the source, as the user gave it.
 * @throws GhpassError `host.snapshot-broken`, also later, of what is asked.
 */
export function capturedHost(kind: 'builtin' | 'snapshot', name: string, files: HostFiles): Host {
  return {
    source: { kind, name, synthetic: readSynthetic(name, files) } satisfies HostSource,
    files,
    release: readText(files, `${EXTRA}/uname`) ?? readText(files, '/proc/sys/kernel/osrelease'),
    machine: readText(files, '/proc/sys/kernel/arch'),
    askDevice: async (address) => readText(files, `${EXTRA}/vfio/${address}.json`),
    askTools: async () => {
      const path = `${EXTRA}/tools.json`;
      return parseJson(name, path, readText(files, path) ?? 'null') as ToolFacts | null;
    },
  };
}

/** @throws GhpassError `host.snapshot-broken`. */
function readSynthetic(name: string, files: HostFiles): string | null {
  const path = `${EXTRA}/about.json`;
  const text = readText(files, path);
  if (text === null) return null;
  const synthetic = (parseJson(name, path, text) as { synthetic?: unknown } | null)?.synthetic ?? null;
  if (synthetic === null || typeof synthetic === 'string') return synthetic;
  throw broken(name, path, '"synthetic" is no string');
}

function parseJson(name: string, path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(name, path, 'no JSON', error);
  }
}

function broken(name: string, path: string, what: string, cause?: unknown): GhpassError {
  return new GhpassError('usage', { code: 'host.snapshot-broken', message: `${name}: ${path}: ${what}`, cause });
}
