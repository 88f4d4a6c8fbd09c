import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

export const vcmdqMemory: PlanCheck = {
  id: 'vcmdq.memory',
  severity: 'info',
  title: 'A guest with an SMMUv3 has its command queues, too',
  looksAt: 'the pages that the guest’s memory is made of, and cmdqv of arm-smmuv3',
  reference: 'QEMU 11.1, arm-smmuv3 cmdqv; NVIDIA/NV-Kernels#305: a misleading errno',
  observe({ plan, host: { pageBytes } }) {
    if (plan.gpus.every(({ smmu }) => smmu?.cmdqv !== 'off')) return [];
    const pages = pageBytes === null ? 'ordinary pages' : `pages of ${formatBytes(pageBytes)}`;
    const message = `the guest's SMMUv3 gets no command queues of the hardware: they want contiguous memory, and the guest's is made of ${pages}`;
    return [{ subject: plan.name, message, remedy: ['ghpass … --hugepages auto'] }];
  },
};
