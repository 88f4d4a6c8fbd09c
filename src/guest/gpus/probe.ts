import { assess, type Finding } from '../../checks/check.ts';
import { DEVICE_CHECKS } from '../../checks/device/index.ts';
import type { Host } from '../../host/host.ts';
import { type CollectedGpus, collectGpus } from '../../vfio/collect.ts';
import type { MemoryValidation } from '../../vfio/memory-validation.ts';
import type { ValidationOptions } from './validate-memory.ts';

/** What asking GPUs came to. */
export interface Probed extends CollectedGpus {
  findings: Finding[];
  /** By the GPU's position; null where the memory was left alone. */
  validations: (MemoryValidation | null)[];
}

/**
 * Asks GPUs for their memory and assesses what they answer.
 * @param options.memory overwrites the memory, too, and reads it back; null leaves it alone.
 * @throws GhpassError of {@link collectGpus} and of `validateEach`.
 */
export async function probe(
  host: Host,
  addresses: readonly string[],
  options: { open: boolean; catalogue?: string | undefined; memory: ValidationOptions | null },
): Promise<Probed> {
  const collected = await collectGpus(host, addresses, options);
  const { gpus } = collected;
  const validated = options.memory ? await validateMemory(collected, options.memory) : [];
  return {
    ...collected,
    findings: gpus.flatMap((gpu, i) => [
      ...assess(DEVICE_CHECKS, { host: collected.host, gpu, gpus }),
      ...(validated[i]?.findings ?? []),
    ]),
    validations: gpus.map((_, i) => validated[i]?.validation ?? null),
  };
}

/** Loaded where it is wanted: a probe that leaves the memory alone is to start fast. */
async function validateMemory(collected: CollectedGpus, options: ValidationOptions) {
  const { validateEach } = await import('./validate-memory.ts');
  return validateEach(collected, options);
}
