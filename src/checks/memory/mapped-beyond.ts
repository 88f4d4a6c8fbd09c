import { formatBytes } from '../../vfio/bytes.ts';
import { errnoName } from '../../vfio/errno.ts';
import { DRIVER, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

export const memoryMappedBeyond: MemoryCheck = {
  id: 'memory.mapped-beyond',
  severity: 'fail',
  title: 'Nothing behind the memory can be mapped',
  looksAt: 'mmap of the page behind each area',
  reference: `${DRIVER}, nvgrace_gpu_mmap: EINVAL past the memory`,
  observe: (facts) =>
    ofEachArea(facts, (area) => {
      if (!area.edges) return null;
      const { mapBeyond, mapAcross } = area.edges;
      const wrong = [mapBeyond, mapAcross].filter((errno) => errnoName(errno) !== 'EINVAL');
      if (wrong.length === 0) return null;
      const where = `${nameOf(area)}: mapping past its ${formatBytes(BigInt(area.bytes))} of memory`;
      return wrong.includes(0)
        ? {
            message: `${where} succeeds, where it must be EINVAL: a guest could reach what is not its own`,
            remedy: ['give the GPU to no guest, and report the kernel to its vendor: uname -r'],
          }
        : { severity: 'warn', message: `${where} fails with ${wrong.map(errnoName).join(' and ')}, not with EINVAL` };
    }),
};
