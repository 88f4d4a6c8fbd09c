import { GhpassError } from '../errors.ts';
import { collectHost, type HostFacts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { requirePciAddress } from '../host/pci/pci-address.ts';
import { readCatalogue } from './catalogue-file.ts';
import { collectGpu, type GpuFacts } from './gpu.ts';

/** A host and the GPUs that were asked for. */
export interface CollectedGpus {
  host: HostFacts;
  gpus: GpuFacts[];
}

/**
 * Collects the host and its coherent GPUs, one after another: opening resets a device, and two resets at once behind one
 * bridge are asking for trouble.
 * @param addresses the GPUs that are wanted; none stands for all of them.
 * @param options.catalogue the user's own GPU catalogue; that of the site where it is left out.
 * @throws GhpassError `pci.address-invalid`, `pci.not-a-coherent-gpu`, `platform.unsupported`, and those of the catalogue.
 */
export async function collectGpus(
  host: Host,
  addresses: readonly string[],
  options: { open: boolean; catalogue?: string | undefined },
): Promise<CollectedGpus> {
  const wanted = addresses.map(requirePciAddress);
  const facts = collectHost(host);
  if (facts.coherentGpus.length === 0) throw unsupported(facts);
  for (const address of wanted) {
    if (!facts.coherentGpus.some((gpu) => gpu.address === address)) throw notFound(facts, address);
  }
  const catalogue = readCatalogue(options.catalogue ?? null);
  const gpus: GpuFacts[] = [];
  for (const pci of facts.coherentGpus) {
    const isWanted = wanted.length === 0 || wanted.includes(pci.address);
    if (isWanted) gpus.push(await collectGpu(host, facts, pci, { open: options.open, catalogue }));
  }
  return { host: facts, gpus };
}

function unsupported({ source, kernel, hasAcpi }: HostFacts): GhpassError {
  const where = source.kind === 'local' ? 'this machine' : source.name;
  const isPower = kernel.machine?.startsWith('ppc64') ?? false;
  const known = [kernel.machine, hasAcpi || isPower ? null : 'no ACPI tables'].filter(Boolean).join(', ');
  const wanted = isPower
    ? 'GPU with NVLinks to its processor'
    : 'coherent GPU of the Grace Hopper or Grace Blackwell families';
  return new GhpassError('unsupported', {
    code: 'platform.unsupported',
    message: `${where} has no ${wanted}${known && ` (${known})`}`,
    suggestions: ['lspci -D -d 10de:', 'ghpass probe --host builtin:gh200'],
  });
}

function notFound(facts: HostFacts, address: string): GhpassError {
  const present = facts.coherentGpus.map((gpu) => gpu.address);
  return new GhpassError('unsupported', {
    code: 'pci.not-a-coherent-gpu',
    message: `${address} is no coherent GPU of this host; it has ${present.join(', ')}`,
    suggestions: present.map((other) => `ghpass probe ${other}`),
  });
}
