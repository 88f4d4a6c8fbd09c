import { type RefusalCheck, refusedWith } from './facts.ts';

export const mmioPaBits: RefusalCheck = {
  id: 'mmio.pa-bits',
  severity: 'fail',
  title: 'The MMIO window for all GPUs fits the physical address bits of a guest',
  looksAt: 'KVM_CAP_ARM_VM_IPA_SIZE, the BARs of all GPUs, and the memory of the guest',
  reference: 'QEMU, hw/arm/virt.c, virt_set_high_memmap: a window that does not fit is dropped without a word',
  observe: (attempt) => refusedWith('mmio.pa-bits', attempt),
};
