import { formatBytes, nextPowerOfTwo } from '../../../vfio/bytes.ts';
import { type LayoutPredicate, regionOf, sparseBytes } from './predicate.ts';

/** All memory is in one region, whose length is the memory rounded up to what a BAR can have. */
export function roundedMemory(layout: 'whole' | 'aperture', index: 2 | 4, source: string): LayoutPredicate {
  return {
    rule: `${layout}: region ${index} is the memory, rounded up to a power of two`,
    source,
    faults({ gpu }) {
      const region = regionOf(gpu, index);
      const memoryBytes = region ? sparseBytes(region) : 0n;
      const expected = nextPowerOfTwo(memoryBytes);
      if (!region || region.sizeBytes === expected) return [];
      return [
        `region ${index} is ${formatBytes(region.sizeBytes)}, not ${formatBytes(expected)} for the ${formatBytes(memoryBytes)} that it holds`,
      ];
    },
  };
}
