import { aboutHost, type HostCheck } from './facts.ts';
import { ASKED_OF_LIBVIRT, nameOf, ofLibvirt } from './libvirt-facts.ts';

export const libvirtEmptyCell: HostCheck = {
  id: 'libvirt.empty-cell',
  severity: 'info',
  title: 'libvirt makes nodes without memory',
  looksAt: ASKED_OF_LIBVIRT,
  reference: 'libvirt NEWS of 11.8.0',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      if (libvirt.emptyCells) return [];
      return aboutHost(
        `${nameOf(libvirt)} makes a memory backend of 0 bytes for a node without memory, which QEMU refuses: the GPU’s nodes are given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)`,
      );
    });
  },
};
