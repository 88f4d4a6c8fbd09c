import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { type CollectedGpus, collectGpus } from '../../vfio/collect.ts';

/**
 * The GPUs for a guest: those that are named, or the only one that the host has.
 * @throws GhpassError of {@link collectGpus}, and `gpu.ambiguous` where none is named and there is a choice.
 */
export async function selectGpus(
  host: Host,
  addresses: readonly string[],
  options: { open: boolean; named?: 'by-flag' | 'by-argument' },
): Promise<CollectedGpus> {
  const collected = await collectGpus(host, addresses, options);
  if (addresses.length > 0 || collected.gpus.length === 1) return collected;
  const present = collected.gpus.map(({ pci }) => pci.address);
  const given = options.named === 'by-argument' ? present : present.map((address) => `--gpu ${address}`);
  throw new GhpassError('usage', {
    code: 'gpu.ambiguous',
    message: `this host has ${present.length} coherent GPUs, ${present.join(', ')}: say which the guest is to get`,
    suggestions: [given[0] ?? '', given.join(' ')],
  });
}
