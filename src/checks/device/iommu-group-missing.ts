import { about, type DeviceCheck } from './facts.ts';

export const iommuGroupMissing: DeviceCheck = {
  id: 'iommu.group-missing',
  severity: 'fail',
  title: 'The device is in an IOMMU group',
  reference: 'Documentation/driver-api/vfio.rst, Groups',
  observe(facts) {
    const { pci } = facts.gpu;
    /** Before the first bind, 6.12 on arm64 has not made the group yet. */
    if (pci.iommuGroup !== null || pci.driver === null) return [];
    return about(
      facts,
      `/sys/bus/pci/devices/${pci.address}/iommu_group is missing: no IOMMU translates for the device`,
      facts.gpu.nvlink
        ? 'boot a powernv kernel with CONFIG_IOMMU_API and CONFIG_SPAPR_TCE_IOMMU'
        : 'enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3',
    );
  },
};
