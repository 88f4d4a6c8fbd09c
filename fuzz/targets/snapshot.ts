import { assess } from '../../src/checks/check.ts';
import { DEVICE_CHECKS } from '../../src/checks/device/index.ts';
import { GhpassError } from '../../src/errors.ts';
import { GH200 } from '../../src/host/builtin/gh200.ts';
import { type SyntheticHost, synthesize } from '../../src/host/builtin/synthesize.ts';
import { type FileTree, memoryFiles } from '../../src/host/memory-files.ts';
import { capturedHost } from '../../src/host/snapshot/captured.ts';
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
    'host/snapshot/captured.ts',
    'host/rooted-files.ts',
    'host/memory-files.ts',
    'host/facts.ts',
    'host/kernel/kernel.ts',
    'host/numa/numa.ts',
    'host/pci/pci.ts',
    'host/acpi/',
    'vfio/',
  ],
  form: 'json',
  maxBytes: 16 << 10,
  words: ['../', '/sys/bus/pci/devices/', '/ghpass/', '0-999999', '0xffffffffffffffff'],
  seeds: () => [Buffer.from(JSON.stringify(asText(synthesize(smallHost()))))],
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
      await host.askLibvirt();
    } catch (error) {
      if (!(error instanceof GhpassError)) throw error;
      promise(error.kind !== 'bug', `${error.code} is no bug of ghpass: ${error.message}`);
    }
  },
};

/** The built-in host with two nodes in the place of nine: what takes half the time is tried twice as often. */
function smallHost(): SyntheticHost {
  return {
    ...GH200,
    gpus: GH200.gpus.map((gpu) => ({ ...gpu, proximityDomains: [1, 1] as const })),
    nodes: GH200.nodes.slice(0, 2).map((node, i) => ({ ...node, distances: i === 0 ? [10, 80] : [80, 10] })),
  };
}

/** Of the configuration space there is nothing behind the DVSEC. */
const MAX_CONFIG_BYTES = 0x110;

function asText({ files, links }: FileTree) {
  const texts = Object.entries(files).map(([path, content]) => {
    const bytes = Buffer.from(content);
    return [path, bytes.subarray(0, path.endsWith('/config') ? MAX_CONFIG_BYTES : bytes.length).toString('latin1')];
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
