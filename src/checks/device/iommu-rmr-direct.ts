import { about, type DeviceCheck } from './facts.ts';

export const iommuRmrDirect: DeviceCheck = {
  id: 'iommu.rmr-direct',
  severity: 'fail',
  title: 'Firmware asks for no 1:1 mapping of the device',
  looksAt: '/sys/kernel/iommu_groups/N/reserved_regions',
  reference:
    'drivers/iommu/iommu.c, "Firmware has requested this device have a 1:1 IOMMU mapping"; NVIDIA/OpenShell#1780',
  observe(facts) {
    const { iommuGroup, state } = facts.gpu.pci;
    if (state.reservedRegions === null) return { notKnown: 'the reserved regions of the IOMMU group are not known' };
    const direct = state.reservedRegions.filter(({ type }) => type === 'direct');
    if (direct.length === 0) return [];
    const list = direct.map(({ start, end }) => `${start}-${end}`).join(', ');
    return about(
      facts,
      `group ${iommuGroup} must map ${list} 1:1, so VFIO may not have the device`,
      'update the firmware: its IORT has a reserved memory range (RMR) for the GPU',
      `cat /sys/kernel/iommu_groups/${iommuGroup}/reserved_regions`,
    );
  },
};
