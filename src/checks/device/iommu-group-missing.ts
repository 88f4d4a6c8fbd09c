import { about, type DeviceCheck } from './facts.ts';

export const iommuGroupMissing: DeviceCheck = {
  id: 'iommu.group-missing',
  severity: 'fail',
  title: 'The device is in an IOMMU group',
  looksAt: 'the links iommu_group and driver, and IORT in /sys/firmware/acpi/tables',
  reference: 'Documentation/driver-api/vfio.rst, Groups',
  observe(facts) {
    const { pci } = facts.gpu;
    if (pci.iommuGroup !== null) return [];
    const { hasAcpi, hasIort } = facts.host;
    if (pci.driver === null && (hasIort || !hasAcpi)) {
      return { notKnown: 'no driver is bound, and Linux 6.12 makes the group at the first bind' };
    }
    const why = hasAcpi && !hasIort ? 'firmware has no IORT table, so no SMMU' : 'no IOMMU';
    return about(
      facts,
      `/sys/bus/pci/devices/${pci.address}/iommu_group is missing: ${why} translates for the device`,
      facts.gpu.nvlink
        ? 'boot a powernv kernel with CONFIG_IOMMU_API and CONFIG_SPAPR_TCE_IOMMU'
        : 'enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3',
    );
  },
};
