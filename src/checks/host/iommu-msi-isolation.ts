import { aboutHost, type HostCheck } from './facts.ts';

export const iommuMsiIsolation: HostCheck = {
  id: 'iommu.msi-isolation',
  severity: 'fail',
  title: 'A device can raise no interrupts but its own',
  looksAt: 'groups of ITSs in IORT, and allow_unsafe_interrupts of vfio_iommu_type1',
  reference: 'drivers/vfio/vfio_iommu_type1.c, iommu_group_has_isolated_msi: EPERM',
  observe({ settings: { iort, vfio } }) {
    if (iort !== null && iort.itsGroups === 0) {
      return aboutHost(
        'IORT lists no ITS, so interrupts of devices are not isolated: VFIO refuses every device with EPERM (1)',
        'enable the GIC ITS in the firmware, or update it',
      );
    }
    if (vfio.allowsUnsafeInterrupts) {
      const [observation] = aboutHost(
        'vfio_iommu_type1 has allow_unsafe_interrupts=Y: a guest may raise interrupts of other devices',
        'echo N > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts',
      );
      return observation ? [{ ...observation, severity: 'warn' }] : [];
    }
    return iort ? [] : { notKnown: 'IORT in /sys/firmware/acpi/tables is absent, or only root may read it' };
  },
};
