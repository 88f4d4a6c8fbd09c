import { aboutHost, type HostCheck } from './facts.ts';
import { ASKED_OF_LIBVIRT, nameOf, ofLibvirt } from './libvirt-facts.ts';

export const libvirtWindow: HostCheck = {
  id: 'libvirt.window',
  severity: 'info',
  title: 'libvirt sets the MMIO window of the virt machine',
  looksAt: ASKED_OF_LIBVIRT,
  reference: 'libvirt 11.5, <pcihole64>; QEMU f10104aeae3a (10.0)',
  observe(facts) {
    return ofLibvirt(facts, (libvirt) => {
      if (libvirt.pciHole64) return [];
      return aboutHost(
        `${nameOf(libvirt)} takes no <pcihole64> for the virt machine: a window of more than 512 GiB is given to QEMU by <qemu:commandline>, which taints the domain (custom-argv)`,
      );
    });
  },
};
