import { formatAddress } from '../../vfio/bytes.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { PaddingSample } from '../../vfio/memory-answer.ts';
import { DRIVER, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

export const memoryPaddingReadable: MemoryCheck = {
  id: 'memory.padding-readable',
  severity: 'fail',
  title: 'Between the memory and the end of its region there are only ones',
  looksAt: 'pread between the memory and the end of the BAR',
  reference: `${DRIVER}, nvgrace_gpu_read_mem`,
  observe: (facts) =>
    ofEachArea(facts, (area) => {
      const wrong = area.edges?.padding.filter((sample) => !readsOnes(sample)) ?? [];
      if (wrong.length === 0) return null;
      return {
        message: `${nameOf(area)}: reading behind the memory, ${wrong.map(describe).join('; ')}; it must be ones`,
        remedy: ['give the GPU to no guest, and report the kernel to its vendor: uname -r'],
      };
    }),
};

function readsOnes({ read, data }: PaddingSample): boolean {
  return read.errno === 0 && data.length > 0 && data.every((byte) => byte === 0xff);
}

function describe({ offset, read, data }: PaddingSample): string {
  const bytes = Buffer.from(data.subarray(0, 16)).toString('hex');
  const what = read.errno !== 0 ? errnoName(read.errno) : data.length === 0 ? 'nothing' : `${bytes}…`;
  return `at ${formatAddress(offset)} gives ${what}`;
}
