import { aboutHost, type HostCheck } from './facts.ts';
import { nameOf, ofLibvirt } from './libvirt-facts.ts';

export const libvirtIommufd: HostCheck = {
  id: 'libvirt.iommufd',
  severity: 'info',
  title: 'libvirt gives devices to guests through iommufd',
  looksAt: 'iommufd of <hostdev> in virsh domcapabilities',
  reference: 'libvirt NEWS of 12.1.0',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      if (libvirt.iommufd) return [];
      return aboutHost(
        `${nameOf(libvirt)} passes no iommufd to QEMU, or finds no /dev/iommu: its guests get their GPUs through the group and container, which lacks nothing but the accelerated SMMU`,
      );
    });
  },
};
