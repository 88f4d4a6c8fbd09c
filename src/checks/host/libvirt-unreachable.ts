import { aboutHost, type HostCheck } from './facts.ts';

export const libvirtUnreachable: HostCheck = {
  id: 'libvirt.unreachable',
  severity: 'info',
  title: 'libvirt answers, for guests that it is to run',
  looksAt: 'virsh on PATH, and its connection to qemu:///system',
  reference: 'https://libvirt.org/daemons.html',
  observe({ libvirt }) {
    if (libvirt === null) {
      return aboutHost(
        'no virsh is known on this host: ghpass starts QEMU itself, and makes no guest with --backend libvirt',
        'apt-get install libvirt-clients libvirt-daemon-system',
        'dnf install libvirt-client libvirt-daemon-kvm',
      );
    }
    if (!('unanswered' in libvirt)) return [];
    const { message, suggestions } = libvirt.unanswered;
    return aboutHost(
      `${message}; ghpass starts QEMU itself, and makes no guest with --backend libvirt`,
      ...suggestions,
    );
  },
};
