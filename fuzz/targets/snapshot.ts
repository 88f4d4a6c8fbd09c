import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { GhpassError } from '../../src/errors.ts';
import { BUILTIN_HOSTS } from '../../src/host/builtin/index.ts';
import { capturedHost } from '../../src/host/captured.ts';
import { type FileTree, memoryFiles } from '../../src/host/memory-files.ts';
import { gpuReport } from '../../src/ui/probe-report.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { type FuzzTarget, promise } from '../target.ts';

/**
 * A captured host, as `ghpass probe` reads it. The input is JSON, so that it can be changed piece by piece: `files` has the
 * contents, one character a byte, and `links` the targets.
 */
export const target: FuzzTarget = {
  name: 'snapshot',
  sources: [
    'host/captured.ts',
    'host/rooted-files.ts',
    'host/memory-files.ts',
    'host/facts.ts',
    'host/kernel.ts',
    'host/numa.ts',
    'host/pci.ts',
    'host/acpi/',
    'vfio/',
  ],
  form: 'json',
  maxBytes: 64 << 10,
  words: ['../', '/sys/bus/pci/devices/', '/ghpass/', '0-999999', '0xffffffffffffffff'],
  seeds: () => Object.values(BUILTIN_HOSTS).map((tree) => Buffer.from(JSON.stringify(asText(tree())))),
  async run(input) {
    const tree = asTree(input);
    if (tree === null) return;
    try {
      const host = capturedHost('snapshot', 'fuzzed', memoryFiles(tree));
      const collected = await collectGpus(host, [], { open: true });
      for (const gpu of collected.gpus) {
        const findings = assess(DEVICE_CHECKS, { host: collected.host, gpu, gpus: collected.gpus });
        JSON.stringify(gpuReport(gpu, findings));
      }
      await host.askTools();
    } catch (error) {
      if (!(error instanceof GhpassError)) throw error;
      promise(error.kind !== 'bug', `${error.code} is no bug of ghpass: ${error.message}`);
    }
  },
};

/** Long files are cut: of the configuration space there is nothing behind that. */
const MAX_FILE_BYTES = 1024;

function asText({ files, links }: FileTree) {
  const texts = Object.entries(files).map(([path, content]) => {
    return [path, Buffer.from(content).subarray(0, MAX_FILE_BYTES).toString('latin1')];
  });
  return { files: Object.fromEntries(texts), links };
}

/** @returns null where the input is no tree at all. */
function asTree(input: Uint8Array): FileTree | null {
  let document: { files?: unknown; links?: unknown } | null;
  try {
    document = JSON.parse(Buffer.from(input).toString());
  } catch {
    return null;
  }
  const files = strings(document?.files).map(([path, text]) => [path, Buffer.from(text, 'latin1')]);
  return { files: Object.fromEntries(files), links: Object.fromEntries(strings(document?.links)) };
}

function strings(value: unknown): [string, string][] {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return entries.filter((entry): entry is [string, string] => entry[0].startsWith('/') && typeof entry[1] === 'string');
}
