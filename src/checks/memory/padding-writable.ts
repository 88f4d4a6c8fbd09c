import { formatAddress } from '../../vfio/bytes.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { AreaAnswer } from '../../vfio/memory-answer.ts';
import { DRIVER, describeWord, type MemoryCheck, nameOf, ofEachArea } from './facts.ts';

export const memoryPaddingWritable: MemoryCheck = {
  id: 'memory.padding-writable',
  severity: 'fail',
  title: 'What is written behind the memory is dropped',
  looksAt: 'pwrite between the memory and the end of the BAR, and the memory afterwards',
  reference: `${DRIVER}, nvgrace_gpu_write_mem`,
  observe: (facts) =>
    ofEachArea(facts, (area) => {
      const faults = [...keptFaults(area), ...memoryFaults(area)];
      if (faults.length === 0) return null;
      return {
        message: `${nameOf(area)}: ${faults.join('; ')}`,
        remedy: ['give the GPU to no guest, and report the kernel to its vendor: uname -r'],
      };
    }),
};

/** A write that is refused is not dropped, and one after which something else is read was not, either. */
function keptFaults({ edges }: AreaAnswer): string[] {
  return (edges?.padding ?? []).flatMap(({ offset, write, data, dataAgain }) => {
    const where = `writing behind the memory at ${formatAddress(offset)}`;
    if (write.errno !== 0) return [`${where} fails with ${errnoName(write.errno)}`];
    return Buffer.compare(data, dataAgain) === 0 ? [] : [`${where} changes what is read there`];
  });
}

function memoryFaults({ after, rounds }: AreaAnswer): string[] {
  const wereWrong = rounds.some(({ errors }) => errors.words > 0);
  if (!after?.first || wereWrong) return [];
  return [`what was written behind the memory is in it: ${describeWord(after.first)}`];
}
