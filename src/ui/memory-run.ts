import { assess, type Finding } from '../checks/check.ts';
import { MEMORY_CHECKS } from '../checks/memory/index.ts';
import type { GpuFacts } from '../vfio/gpu.ts';
import { type MemoryMode, validateMemory } from '../vfio/memory-validation.ts';
import { type MemoryReport, memoryReport } from './memory-report.ts';
import { memoryProgressText, memoryText } from './memory-text.ts';

/** What is shown of one GPU whose memory was validated or scrubbed. */
export interface ValidatedGpu {
  report: MemoryReport;
  findings: Finding[];
  text: string;
}

/**
 * Validates the memory of GPUs, one after another, with a line of progress about once a second.
 * @throws GhpassError of {@link validateMemory}.
 */
export async function validateEach(
  gpus: readonly GpuFacts[],
  mode: MemoryMode,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<ValidatedGpu[]> {
  const validated: ValidatedGpu[] = [];
  for (const gpu of gpus) {
    const { address } = gpu.pci;
    const validation = await validateMemory(gpu, mode, {
      signal,
      progress: (progress) => mode === 'quick' || tell(memoryProgressText(address, progress)),
    });
    const report = memoryReport(validation);
    validated.push({ report, findings: assess(MEMORY_CHECKS, { gpu, validation }), text: memoryText(report) });
  }
  return validated;
}
