import { nodesOfProximityDomains } from '../host/acpi/proximity.ts';
import type { HostFacts } from '../host/facts.ts';
import { nodeLimit } from './node-limit.ts';

/**
 * The host's own nodes of each GPU: its generic initiators in the host's SRAT, through their proximity domains.
 * @returns GPU address → host nodes in ascending order; empty where the SRAT could not be read or names no GPU.
 */
export function initiatorNodes({ srat, kernel }: HostFacts): Map<string, number[]> {
  const byGpu = new Map<string, number[]>();
  if (srat === null) return byGpu;
  const nodes = nodesOfProximityDomains(srat, nodeLimit(kernel.config));
  for (const { address, proximityDomain } of srat.genericInitiators) {
    const node = nodes.get(proximityDomain);
    if (node !== undefined)
      byGpu.set(
        address,
        [...(byGpu.get(address) ?? []), node].sort((a, b) => a - b),
      );
  }
  return byGpu;
}
