import { aboutHost, type HostCheck } from './facts.ts';
import { ASKED_OF_LIBVIRT, nameOf, ofLibvirt } from './libvirt-facts.ts';

export const libvirtNodesetDropped: HostCheck = {
  id: 'libvirt.nodeset-dropped',
  severity: 'info',
  title: 'libvirt ties nodes of a guest to a device',
  looksAt: ASKED_OF_LIBVIRT,
  reference: 'libvirt NEWS of 11.8.0',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      if (libvirt.acpiNodeset) return [];
      return aboutHost(
        `${nameOf(libvirt)} drops <acpi nodeset> and says nothing: the GPU’s nodes and generic initiators are given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)`,
      );
    });
  },
};
