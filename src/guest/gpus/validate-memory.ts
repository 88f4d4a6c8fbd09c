import { assess, type Finding } from '../../checks/check.ts';
import { MEMORY_CHECKS } from '../../checks/memory/index.ts';
import type { CollectedGpus } from '../../vfio/collect.ts';
import type { MemoryProgress } from '../../vfio/memory-answer.ts';
import { type MemoryMode, type MemoryValidation, validateMemory } from '../../vfio/memory-validation.ts';

/** One GPU whose memory was validated or scrubbed. */
export interface ValidatedGpu {
  validation: MemoryValidation;
  findings: Finding[];
}

export interface ValidationOptions {
  mode: MemoryMode;
  signal: AbortSignal;
  /** Called about once a second. */
  progress(address: string, progress: MemoryProgress): void;
}

/**
 * Validates the memory of GPUs, one after another.
 * @throws GhpassError of {@link validateMemory}.
 */
export async function validateEach(
  { host, gpus }: CollectedGpus,
  { mode, signal, progress }: ValidationOptions,
): Promise<ValidatedGpu[]> {
  const validated: ValidatedGpu[] = [];
  for (const gpu of gpus) {
    const told = (progressed: MemoryProgress) => progress(gpu.pci.address, progressed);
    const validation = await validateMemory(gpu, host.numa, mode, { signal, progress: told });
    validated.push({ validation, findings: assess(MEMORY_CHECKS, { gpu, validation }) });
  }
  return validated;
}
