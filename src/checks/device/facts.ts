import type { HostFacts } from '../../host/facts.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import type { Check, NotKnown, Observation } from '../check.ts';

/** What the checks of one device look at. */
export interface DeviceFacts {
  host: HostFacts;
  gpu: GpuFacts;
  /** All coherent GPUs of the host, this one included. */
  gpus: readonly GpuFacts[];
}

export type DeviceCheck = Check<DeviceFacts>;

/** Why nothing is known that only the device itself can tell. */
export const NOT_OPENED: NotKnown = { notKnown: 'the device was not opened' };

/** Why it is not known what firmware says of the memory; null where it is. */
export function acpiNotKnown({ acpi }: GpuFacts): NotKnown | null {
  return acpi.known ? null : { notKnown: `${acpi.path}: ${acpi.errno}` };
}

/** Why it is not known what the driver makes of the memory; null where it was measured, or can be predicted. */
export function memoryNotKnown(gpu: GpuFacts): NotKnown | null {
  const { layout, bindError, origin } = gpu.memory;
  if (layout !== null || bindError !== null) return null;
  if (origin === 'measured') return { notKnown: "the kernel's answer cannot be decoded" };
  return acpiNotKnown(gpu) ?? { notKnown: "NVIDIA's DVSEC is behind the bytes of config that could be read" };
}

/** One observation about this GPU. */
export function about(facts: DeviceFacts, message: string, ...remedy: string[]): Observation[] {
  return [{ subject: facts.gpu.pci.address, message, remedy }];
}

/** What stands in for the answer of a device that was not opened. */
export function predictedSizes({ gpu }: DeviceFacts): string {
  return `sizes are predicted from ${gpu.nvlink ? 'the device tree' : "firmware's tables"}`;
}
