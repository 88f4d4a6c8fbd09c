import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainUefi: DomainCheck = {
  id: 'domain.uefi-missing',
  severity: 'fail',
  title: 'The domain boots UEFI',
  looksAt: 'os: firmware and loader',
  reference: 'QEMU, hw/arm/virt.c: ACPI tables reach the guest through firmware only',
  observe({ domain }) {
    if (domain.uefi) return [];
    return [
      {
        subject: domain.name,
        message:
          'it names no UEFI firmware; without that no ACPI table reaches the guest, and it sees none of the nodes',
        remedy: [`virsh edit ${shellWord(domain.name)}   # <os firmware='efi'>`],
      },
    ];
  },
};
