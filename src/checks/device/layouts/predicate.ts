import type { GpuFacts } from '../../../vfio/gpu.ts';
import type { RegionInfo } from '../../../vfio/structs.ts';
import type { DeviceFacts } from '../facts.ts';

/** One thing that has to be so in a layout. */
export interface LayoutPredicate {
  /** What holds where nothing is wrong, in a few words; unique among all predicates. */
  rule: string;
  /** Who says so: file of the kernel, with the release or commit. */
  source: string;
  /** What is wrong, with the numbers; empty where the rule holds, or where it cannot be told. */
  faults(facts: DeviceFacts): string[];
}

/** @returns null where the device has no such region, or was not asked for it. */
export function regionOf(gpu: GpuFacts, index: number): RegionInfo | null {
  return gpu.regions.find((region) => region.index === index) ?? null;
}

/** Mappable bytes of a special region. */
export function sparseBytes({ sparseAreas }: RegionInfo): bigint {
  return (sparseAreas ?? []).reduce((sum, area) => sum + area.sizeBytes, 0n);
}
