import { aboutHost, type HostCheck } from './facts.ts';
import { ASKED_OF_LIBVIRT, nameOf, ofLibvirt } from './libvirt-facts.ts';

export const libvirtSmmu: HostCheck = {
  id: 'libvirt.smmu',
  severity: 'info',
  title: 'libvirt puts an accelerated SMMU in front of a GPU',
  looksAt: ASKED_OF_LIBVIRT,
  reference: 'libvirt NEWS of 12.7.0; QEMU 11.0',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      if (libvirt.acceleratedSmmu) return [];
      return aboutHost(
        `${nameOf(libvirt)} and its QEMU have no accelerated SMMUv3 for one bus (libvirt 12.7 and QEMU 11.0): guests get no IOMMU`,
      );
    });
  },
};
