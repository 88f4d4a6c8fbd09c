import { compareVersions } from '../../host/kernel/kernel.ts';
import type { PlanCheck } from './facts.ts';

export const iommufdPfnmap: PlanCheck = {
  id: 'iommufd.pfnmap',
  severity: 'warn',
  title: 'iommufd can map the memory of one device for another',
  looksAt: 'the VFIO path of the guest, and the release of the kernel',
  reference: 'Linux a23b10608d42 (6.19): dma-buf export of vfio-pci',
  observe({ plan, host }) {
    const { version, release } = host.kernel;
    if (!plan.iommufd) return [];
    if (version === null) return { notKnown: 'the release of the kernel is not known' };
    if (compareVersions(version, [6, 19]) >= 0) return [];
    return [
      {
        subject: plan.name,
        message: `iommufd of ${release} cannot map device memory: direct transfers between devices will not work`,
        remedy: ['ghpass … --vfio group'],
      },
    ];
  },
};
