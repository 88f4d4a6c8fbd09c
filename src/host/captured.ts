import type { HostFiles } from './files.ts';
import { readText } from './files.ts';
import type { Host, HostSource } from './host.ts';
import type { ToolFacts } from './tools.ts';

/** Root of what no file of a host shows, inside a captured host. */
const EXTRA = '/ghpass';

/**
 * A host that is a set of files: a snapshot, or one that ships with ghpass. Nothing is run on its behalf.
 * @param name of the source, as the user gave it.
 */
export function capturedHost(kind: 'builtin' | 'snapshot', name: string, files: HostFiles): Host {
  return {
    source: { kind, name, synthetic: readSynthetic(files) } satisfies HostSource,
    files,
    release: readText(files, `${EXTRA}/uname`) ?? readText(files, '/proc/sys/kernel/osrelease'),
    machine: readText(files, '/proc/sys/kernel/arch'),
    askDevice: async (address) => readText(files, `${EXTRA}/vfio/${address}.json`),
    askTools: async () => JSON.parse(readText(files, `${EXTRA}/tools.json`) ?? 'null') as ToolFacts | null,
  };
}

function readSynthetic(files: HostFiles): string | null {
  const about = JSON.parse(readText(files, `${EXTRA}/about.json`) ?? '{}') as { synthetic?: string };
  return about.synthetic ?? null;
}
