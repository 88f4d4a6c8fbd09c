import type { HostFiles } from '../files.ts';
import { readText } from '../files.ts';
import type { Host, HostSource } from '../host.ts';
import { ABOUT_FILE, readSynthetic } from './about.ts';
import { answerOf, type Software, softwareOf, TOOLS_FILE } from './software.ts';

/** Root of what no file of a host shows, inside a captured host. */
const EXTRA = '/ghpass';

/**
 * A host that is a set of files: a snapshot, or one that ships with ghpass. Nothing is run on its behalf.
 * @param name of the source, as the user gave it.
 * @throws GhpassError `host.snapshot-broken`, also where the tools are asked for.
 */
export function capturedHost(kind: 'builtin' | 'snapshot', name: string, files: HostFiles): Host {
  return {
    source: { kind, name, synthetic: readSynthetic(name, readText(files, ABOUT_FILE)) } satisfies HostSource,
    files,
    release: readText(files, `${EXTRA}/uname`) ?? readText(files, '/proc/sys/kernel/osrelease'),
    machine: readText(files, '/proc/sys/kernel/arch'),
    askDevice: async (address) => readText(files, `${EXTRA}/vfio/${address}.json`),
    askTools: async () => (await readSoftware(kind, name, files)).tools,
    askLibvirt: async () => answerOf((await readSoftware(kind, name, files)).libvirt),
  };
}

/** What is known of the software of a captured host: a snapshot lacks what its host did not answer. */
async function readSoftware(kind: 'builtin' | 'snapshot', name: string, files: HostFiles): Promise<Software> {
  const text = readText(files, TOOLS_FILE);
  if (text === null) return { tools: null, libvirt: null };
  if (kind === 'builtin') return softwareOf(JSON.parse(text));
  // Only what comes from elsewhere has to be held against a schema, and that takes a while to load.
  const { parseTools } = await import('./tools-schema.ts');
  return parseTools(name, text);
}
