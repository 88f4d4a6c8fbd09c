import { nodesOfProximityDomains } from '../../src/host/acpi/proximity.ts';
import { readSrat, SratError } from '../../src/host/acpi/srat.ts';
import { writeSrat } from '../../src/host/builtin/srat-writer.ts';
import { allowing, type FuzzTarget, promise } from '../target.ts';

/** As many as an arm64 kernel can be built for (arch/arm64/Kconfig, NODES_SHIFT up to 10). */
const NODE_LIMIT = 1024;

/** A System Resource Affinity Table, of a host or a guest. */
export const target: FuzzTarget = {
  name: 'srat',
  sources: ['host/acpi/srat.ts', 'host/acpi/proximity.ts'],
  form: 'bytes',
  maxBytes: 1024,
  words: ['SRAT'],
  seeds: () => [
    writeSrat({
      processors: [0, 0, 1],
      memory: [{ proximityDomain: 1, base: 1n << 31n, sizeBytes: 1n << 40n }],
      genericInitiators: [{ proximityDomain: 2, segment: 9, bus: 1 }],
    }),
  ],
  run(input) {
    allowing(SratError, () => {
      const srat = readSrat(input);
      const entries = srat.processors.length + srat.memory.length + srat.genericInitiators.length;
      promise(entries * 18 <= input.length, 'no more entries than bytes');
      promise(nodesOfProximityDomains(srat, NODE_LIMIT).size <= NODE_LIMIT, 'no more nodes than the kernel can hold');
    });
  },
};
