import { formatBytes } from '../../vfio/bytes.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { Transfer } from '../../vfio/memory-answer.ts';
import { DRIVER, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

export const memoryRegionEnd: MemoryCheck = {
  id: 'memory.region-end',
  severity: 'fail',
  title: 'Behind the end of a region nothing is read or written',
  looksAt: 'pread and pwrite at the end of the BAR',
  reference: `${DRIVER}, nvgrace_gpu_read_mem and nvgrace_gpu_write_mem: EINVAL at the end of the BAR`,
  observe: (facts) =>
    ofEachArea(facts, ({ region, regionBytes, edges }) => {
      if (!edges) return null;
      const faults = [fault('reading', edges.readAtEnd), fault('writing', edges.writeAtEnd)].filter(Boolean);
      if (faults.length === 0) return null;
      return {
        message: `${nameOf({ region })}: behind its ${formatBytes(BigInt(regionBytes))}, ${faults.join(' and ')}, not EINVAL`,
        remedy: ['give the GPU to no guest, and report the kernel to its vendor: uname -r'],
      };
    }),
};

function fault(what: string, { bytes, errno }: Transfer): string | null {
  if (errnoName(errno) === 'EINVAL') return null;
  return errno === 0 ? `${what} moves ${bytes} bytes` : `${what} is ${errnoName(errno)}`;
}
