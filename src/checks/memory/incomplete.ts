import type { NotOpened } from '../../vfio/function-answer.ts';
import type { FailedStep } from '../../vfio/protocol.ts';
import { describeStep } from '../device/vfio-open.ts';
import type { MemoryCheck, MemoryFacts } from './facts.ts';

/** Steps that say something of the memory, for which there are checks. */
const OF_THE_MEMORY = new Set(['area-map', 'memory-access']);

export const memoryIncomplete: MemoryCheck = {
  id: 'memory.incomplete',
  severity: 'fail',
  title: 'The memory was written and read back, all that was meant to be',
  looksAt: 'the system calls up to the last page, and their errno',
  reference: 'src/vfio/helper/README.md',
  observe(facts) {
    const { validation, gpu } = facts;
    const reason = validation.answer ? failure(validation.answer.error) : notBegun(facts);
    if (reason === null) return [];
    const work = validation.mode === 'scrub' ? 'scrubbed' : 'validated';
    const { address } = gpu.pci;
    const isUnbound = gpu.notOpened?.reason === 'driver';
    return [
      {
        subject: address,
        message: `the memory was not ${work}: ${reason}`,
        remedy: isUnbound ? [`ghpass bind ${address}`] : [`dmesg | grep -e ${address} -e vfio`],
      },
    ];
  },
};

function failure(error: FailedStep | null): string | null {
  return error === null || OF_THE_MEMORY.has(error.step) ? null : describeStep(error);
}

function notBegun({ gpu: { notOpened, memory } }: MemoryFacts): string {
  if (notOpened) return whyNotOpened(notOpened);
  if (memory.layout === null) return "the device's answer could not be decoded";
  return `the device exports no coherent memory (layout ${memory.layout})`;
}

function whyNotOpened(notOpened: NotOpened): string {
  switch (notOpened.reason) {
    case 'driver':
      return notOpened.driver ? `${notOpened.driver} is no driver of VFIO` : 'no driver has the device';
    case 'failed':
      return describeStep(notOpened.step);
    default:
      return 'the device was not opened';
  }
}
