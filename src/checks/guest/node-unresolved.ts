import { OPEN_MODULES, ofMessage, type RunningGuestCheck } from './facts.ts';

export const guestNodeUnresolved: RunningGuestCheck = {
  id: 'guest.gi-missing',
  severity: 'fail',
  title: 'NVIDIA’s driver found the nodes of its GPUs',
  looksAt: 'the log of the guest’s kernel',
  reference: `${OPEN_MODULES}, "Failed to get NUMA node id for GPU memory"`,
  observe: (facts) =>
    ofMessage(facts, 'Failed to get NUMA node id for GPU memory', 'no node belongs to a GPU, which is not started', [
      'use QEMU 9.2 or newer, and a driver of 570.124.04 or newer in the guest',
      'boot the guest with UEFI, ACPI and a kernel that holds all nodes',
    ]),
};
