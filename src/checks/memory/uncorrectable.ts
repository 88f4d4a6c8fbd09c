import { formatAddress } from '../../vfio/bytes.ts';
import { BROKEN_MEMORY, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

/** BUS_MCEERR_AR and BUS_MCEERR_AO of include/uapi/asm-generic/siginfo.h. */
const MEMORY_FAILURES: readonly number[] = [4, 5];

/** Whether the code of a SIGBUS says that memory itself has failed. */
export function isMemoryFailure(code: number): boolean {
  return MEMORY_FAILURES.includes(code);
}

export const memoryUncorrectable: MemoryCheck = {
  id: 'memory.uncorrectable',
  severity: 'fail',
  title: 'The memory has no error that its ECC cannot correct',
  looksAt: 'SIGBUS while an area is written or read, and its code',
  reference: 'Documentation/mm/hwpoison.rst',
  observe: (facts) =>
    ofEachArea(facts, (area) =>
      area.busError && isMemoryFailure(area.busError.code)
        ? {
            message: `${nameOf(area)}: the memory at ${formatAddress(area.busError.offset)} has an uncorrectable error (SIGBUS, code ${area.busError.code})`,
            remedy: BROKEN_MEMORY,
          }
        : null,
    ),
};
