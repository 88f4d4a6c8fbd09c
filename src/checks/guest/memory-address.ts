import { OPEN_MODULES, ofMessage, type RunningGuestCheck } from './facts.ts';

export const guestMemoryAddress: RunningGuestCheck = {
  id: 'guest.bar4',
  severity: 'fail',
  title: 'NVIDIA’s driver found the coherent memory behind BAR4',
  looksAt: 'the log of the guest’s kernel',
  reference: `${OPEN_MODULES}, "Failed to get coherent GPU memory base address"`,
  observe: (facts) =>
    ofMessage(facts, 'Failed to get coherent GPU memory base address', 'BAR4 of a GPU is missing or found no room', [
      'give the guest a larger MMIO window',
      'ghpass probe   # whether the variant driver shows region 4',
    ]),
};
