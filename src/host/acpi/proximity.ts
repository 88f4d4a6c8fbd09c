import type { Srat } from './srat.ts';

/**
 * Which node Linux makes of each proximity domain: ids are given out as domains are first seen, processors first, then
 * generic initiators, then memory, each in the order of the table (drivers/acpi/numa/srat.c, acpi_map_pxm_to_node and
 * acpi_numa_init).
 * @param nodeLimit how many nodes the kernel can hold (2^NODES_SHIFT).
 * @returns proximity domain → node; domains that come too late for a node are absent.
 */
export function nodesOfProximityDomains(srat: Srat, nodeLimit: number): Map<number, number> {
  const nodes = new Map<number, number>();
  for (const { proximityDomain } of [...srat.processors, ...srat.genericInitiators, ...srat.memory]) {
    if (!nodes.has(proximityDomain) && nodes.size < nodeLimit) nodes.set(proximityDomain, nodes.size);
  }
  return nodes;
}
