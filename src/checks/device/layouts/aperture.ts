import type { LayoutPredicate } from './predicate.ts';
import { roundedMemory } from './rounded-memory.ts';

/**
 * `aperture`: region 2 is all memory, with the sparse area around it; no released kernel has it. That the sparse area is what
 * firmware announces is acpi.vfio-mismatch, that the physical BAR2 is long enough bar2.length-short.
 */
export const APERTURE: readonly LayoutPredicate[] = [
  roundedMemory('aperture', 2, 'vfio/nvgrace-gpu, patches v2 to v13 (October 2023: v12), nvgrace_gpu_get_region_info'),
];
