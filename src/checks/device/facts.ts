import type { HostFacts } from '../../host/facts.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import type { Check, Observation } from '../check.ts';

/** What the checks of one device look at. */
export interface DeviceFacts {
  host: HostFacts;
  gpu: GpuFacts;
  /** All coherent GPUs of the host, this one included. */
  gpus: readonly GpuFacts[];
}

export type DeviceCheck = Check<DeviceFacts>;

/** One observation about this GPU. */
export function about(facts: DeviceFacts, message: string, ...remedy: string[]): Observation[] {
  return [{ subject: facts.gpu.pci.address, message, remedy }];
}

/** What stands in for the answer of a device that was not opened. */
export function predictedSizes({ gpu }: DeviceFacts): string {
  return `sizes are predicted from ${gpu.nvlink ? 'the device tree' : "firmware's tables"}`;
}
