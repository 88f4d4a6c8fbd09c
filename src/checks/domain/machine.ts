import type { DomainCheck } from './facts.ts';

export const domainMachine: DomainCheck = {
  id: 'domain.machine',
  severity: 'fail',
  title: 'The domain is an arm64 guest of QEMU’s virt machine',
  looksAt: 'os/type and the type of the domain',
  reference: 'QEMU, hw/arm/virt-acpi-build.c: no other arm machine writes generic initiators into the SRAT',
  observe({ domain }) {
    const { type, arch, machine } = domain;
    const isVirt = machine === null || /^virt(?:-|$)/.test(machine);
    if ((type === 'kvm' || type === 'qemu') && arch === 'aarch64' && isVirt) return [];
    return [
      {
        subject: domain.name,
        message: `it is a ${type} guest of ${arch ?? 'an unnamed architecture'} on ${machine ?? 'the default machine'}; the GPUs need kvm, aarch64 and virt`,
        remedy: ["create a guest with <type arch='aarch64' machine='virt'>hvm</type>"],
      },
    ];
  },
};
