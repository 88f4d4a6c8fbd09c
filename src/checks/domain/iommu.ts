import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainIommu: DomainCheck = {
  id: 'domain.iommu',
  severity: 'fail',
  title: 'No emulated IOMMU stands in front of the GPUs',
  looksAt: 'devices/iommu',
  reference: 'QEMU, hw/arm/smmuv3.c: VFIO devices behind an SMMUv3 without accel are refused',
  observe({ domain }) {
    const wrong = domain.iommus.filter(({ accel }) => !accel);
    return wrong.map(({ model }) => ({
      subject: domain.name,
      message: `it has an emulated ${model} IOMMU for the whole machine; QEMU refuses VFIO devices behind it`,
      remedy: [`virsh edit ${shellWord(domain.name)}   # take out <iommu model='${model}'>`],
    }));
  },
};
