import { memoryAliased } from './aliased.ts';
import { memoryBitErrors } from './bit-errors.ts';
import type { MemoryCheck } from './facts.ts';
import { resetFirstAccess } from './first-access.ts';
import { memoryIncomplete } from './incomplete.ts';
import { memoryMappedBeyond } from './mapped-beyond.ts';
import { memoryPaddingReadable } from './padding-readable.ts';
import { memoryPaddingWritable } from './padding-writable.ts';
import { memoryRegionEnd } from './region-end.ts';
import { memoryShortMapping } from './short-mapping.ts';
import { memoryUncorrectable } from './uncorrectable.ts';

/** What is checked of memory that was validated or scrubbed. */
export const MEMORY_CHECKS: readonly MemoryCheck[] = [
  memoryIncomplete,
  resetFirstAccess,
  memoryShortMapping,
  memoryUncorrectable,
  memoryAliased,
  memoryBitErrors,
  memoryMappedBeyond,
  memoryPaddingReadable,
  memoryPaddingWritable,
  memoryRegionEnd,
];
