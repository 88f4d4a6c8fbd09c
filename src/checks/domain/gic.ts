import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainGic: DomainCheck = {
  id: 'domain.gic',
  severity: 'fail',
  title: 'The interrupt controller is GICv3',
  looksAt: 'features/gic',
  reference: 'QEMU, hw/arm/virt.c: GICv2 has no ITS, and so no MSI for devices behind an expander bus',
  observe({ domain }) {
    const { gicVersion, type } = domain;
    if (gicVersion === '3' || gicVersion === 'host' || (gicVersion === null && type === 'kvm')) return [];
    return [
      {
        subject: domain.name,
        message: `features/gic has version ${gicVersion ?? '2, which libvirt takes without KVM'}; the GPUs need 3`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # <gic version='3'/>`],
      },
    ];
  },
};
