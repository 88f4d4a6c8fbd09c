import { formatBytes } from '../../vfio/bytes.ts';
import { type DeviceCheck, memoryNotKnown } from './facts.ts';

export const memPageAlign: DeviceCheck = {
  id: 'mem.page-align',
  severity: 'fail',
  title: 'The memory of each region is a whole number of pages, so that all of it can be mapped',
  looksAt: 'VFIO regions 2 and 4, measured or predicted, and the page size of the kernel',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_mmap: EINVAL past the memory',
  observe({ gpu, host }) {
    const { pageBytes } = host;
    if (pageBytes === null) return { notKnown: 'the page size of the kernel is not known' };
    const unknown = memoryNotKnown(gpu);
    if (unknown) return unknown;
    return [gpu.memory.usable, gpu.memory.reserved].flatMap((part) => {
      if (!part || part.sizeBytes % pageBytes === 0n) return [];
      return {
        subject: gpu.pci.address,
        severity: part === gpu.memory.usable ? ('fail' as const) : ('warn' as const),
        message: `region ${part.region} holds ${formatBytes(part.sizeBytes)}, ${part.sizeBytes % pageBytes} bytes more than whole pages of ${formatBytes(pageBytes)}: QEMU cannot map it`,
        remedy: ['boot a kernel with 4 KiB pages, and report the size to the vendor of the board'],
      };
    });
  },
};
