import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainAcpi: DomainCheck = {
  id: 'domain.acpi-off',
  severity: 'fail',
  title: 'ACPI of the domain is on',
  looksAt: 'features/acpi',
  reference: 'libvirt writes acpi=off without the element, and QEMU then writes no SRAT, without a word',
  observe({ domain }) {
    if (domain.acpi) return [];
    return [
      {
        subject: domain.name,
        message: 'features/acpi is missing, so the guest would see none of the nodes that the GPUs need',
        remedy: [`virsh edit ${shellWord(domain.name)}   # add <acpi/> to <features>`],
      },
    ];
  },
};
