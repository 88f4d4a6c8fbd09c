import type { HostFacts } from '../../host/facts.ts';
import { formatBytes, KIB } from '../../vfio/bytes.ts';
import type { DeviceCheck } from './facts.ts';

export const memPageAlign: DeviceCheck = {
  id: 'mem.page-align',
  severity: 'fail',
  title: 'The memory of each region is a whole number of pages, so that all of it can be mapped',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_mmap: EINVAL past the memory',
  observe({ gpu, host }) {
    const pageBytes = hostPageBytes(host);
    if (pageBytes === null) return [];
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

/** Null where the kernel's options are not known. */
function hostPageBytes({ kernel: { config } }: HostFacts): bigint | null {
  if (config?.get('ARM64_64K_PAGES') === 'y') return 64n * KIB;
  if (config?.get('ARM64_16K_PAGES') === 'y') return 16n * KIB;
  return config?.get('ARM64_4K_PAGES') === 'y' ? 4n * KIB : null;
}
