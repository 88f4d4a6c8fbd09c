import { counted } from '../counted.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const iommuNoiommu: HostCheck = {
  id: 'iommu.noiommu',
  severity: 'fail',
  title: 'VFIO has an IOMMU behind each group',
  looksAt: '/sys/class/vfio, enable_unsafe_noiommu_mode of vfio, and CONFIG_VFIO_NOIOMMU',
  reference: 'drivers/vfio/group.c, VFIO_NOIOMMU; QEMU cannot use such a group',
  observe({ host, settings: { vfio } }) {
    const { noiommuGroups, allowsNoiommu } = vfio;
    const turnOff = 'echo N > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode';
    if (noiommuGroups.length > 0) {
      const list = noiommuGroups.map((name) => `/dev/vfio/${name}`).join(', ');
      return aboutHost(
        `VFIO has ${counted(noiommuGroups.length, 'group')} without an IOMMU (${list}): QEMU cannot use them, and their DMA reaches all memory`,
        turnOff,
        'enable the SMMU in the firmware, and boot a kernel with CONFIG_ARM_SMMU_V3',
      );
    }
    if (allowsNoiommu) {
      const [observation] = aboutHost(
        'vfio has enable_unsafe_noiommu_mode=Y, with which a missing IOMMU goes unnoticed',
        turnOff,
      );
      return observation ? [{ ...observation, severity: 'warn' }] : [];
    }
    const cannot = host.kernel.config !== null && !host.kernel.config.has('VFIO_NOIOMMU');
    return allowsNoiommu === false || cannot ? [] : { notKnown: 'vfio is not loaded, so it shows no parameters' };
  },
};
