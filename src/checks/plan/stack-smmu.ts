import { smmuNeeds } from '../../plan/smmu.ts';
import type { PlanCheck } from './facts.ts';

export const stackSmmu: PlanCheck = {
  id: 'stack.smmu',
  severity: 'warn',
  title: 'What an accelerated SMMUv3 of the guest needs is there',
  looksAt: 'properties of arm-smmuv3, CONFIG_ARM_SMMU_V3_IOMMUFD, SMMUv3 nodes in IORT, accelerator and VFIO path',
  reference: 'QEMU 11.0, hw/arm/smmuv3-accel.c; drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-iommufd.c',
  observe({ plan, host, settings, tools }) {
    if (plan.gpus.every(({ smmu }) => smmu === null)) return [];
    const unknown = smmuNeeds({ host, settings, tools, guest: plan }).filter(({ isThere }) => isThere === null);
    return unknown.map(({ what, remedy }) => ({
      subject: plan.name,
      message: `the guest's SMMUv3 needs ${what}, which ghpass cannot see: without it QEMU does not start the guest`,
      remedy: [remedy, 'ghpass … --smmu off'],
    }));
  },
};
