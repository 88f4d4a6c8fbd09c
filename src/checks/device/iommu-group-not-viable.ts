import { hostDrivenMembers } from '../../host/pci/pci.ts';
import { about, type DeviceCheck } from './facts.ts';

export const iommuGroupNotViable: DeviceCheck = {
  id: 'iommu.group-not-viable',
  severity: 'fail',
  title: 'No other function of the group is on a host driver',
  looksAt: 'drivers and classes of all functions in /sys/kernel/iommu_groups/N/devices',
  reference: 'drivers/vfio/group.c, vfio_group_has_device_coherency and iommu_group_claim_dma_owner',
  observe(facts) {
    const { pci } = facts.gpu;
    if (pci.groupMembers.length === 0) return { notKnown: 'the members of the IOMMU group are not known' };
    const holders = hostDrivenMembers(pci);
    if (holders.length === 0) return [];
    const list = holders.map(({ address, driver }) => `${address} (${driver})`).join(', ');
    return about(
      facts,
      `group ${pci.iommuGroup} has functions on host drivers: ${list}`,
      ...holders.map(({ address, driver }) => `echo ${address} > /sys/bus/pci/drivers/${driver}/unbind`),
    );
  },
};
