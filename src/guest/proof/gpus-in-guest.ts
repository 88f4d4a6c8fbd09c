import type { GuestGpu } from '../../checks/guest/facts.ts';
import { nodesOfProximityDomains } from '../../host/acpi/proximity.ts';
import { onlineBytes } from '../../host/numa/online-memory.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { GuestFacts } from './guest-facts.ts';

/** In a guest a GPU's coherent memory is its BAR4 (NVIDIA/open-gpu-kernel-modules 595.45.04). */
const MEMORY_BAR = 4;
/** The command register, and its bit (include/uapi/linux/pci_regs.h). */
const COMMAND = 0x04;
const BUS_MASTER = 0x04;

/** What became of the memory of each planned GPU in a guest. */
export function gpusInGuest(plan: GuestPlan, { srat, numa, functions, gpuMemory }: GuestFacts): GuestGpu[] {
  const nodeOf = srat && numa ? nodesOfProximityDomains(srat, numa.possible.length) : new Map<number, number>();
  return plan.gpus.map(({ address, guestAddress, nodes }) => {
    const found = functions.find((one) => one.address === guestAddress);
    const bar = found?.bars[MEMORY_BAR];
    const command = found?.config?.[COMMAND];
    return {
      address,
      onlineBytes: bar ? onlineBytes(gpuMemory, { base: bar.start, sizeBytes: bar.lengthBytes }) : null,
      busMaster: command === undefined ? null : (command & BUS_MASTER) !== 0,
      nodes: nodes.flatMap((proximityDomain) => {
        const node = numa?.nodes.find(({ id }) => id === nodeOf.get(proximityDomain));
        const memoryBytes = node?.memoryBytes ?? 0n;
        return node && memoryBytes > 0n ? [{ node: node.id, proximityDomain, memoryBytes }] : [];
      }),
    };
  });
}
