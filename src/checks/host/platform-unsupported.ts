import { counted } from '../counted.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const platformUnsupported: HostCheck = {
  id: 'platform.unsupported',
  severity: 'fail',
  title: 'The host is an arm64 machine with ACPI',
  looksAt: 'uname -m, /sys/firmware/acpi/tables, and the ids of PCI functions',
  reference: 'drivers/vfio/pci/nvgrace-gpu/Kconfig: depends on ARM64; the driver reads ACPI properties',
  observe({ host: { kernel, hasAcpi }, gpus }) {
    if (kernel.machine === null) return { notKnown: 'uname -m is not known' };
    const lacks = [kernel.machine === 'aarch64' ? null : `is ${kernel.machine}`, hasAcpi ? null : 'has no ACPI tables'];
    const why = lacks.filter((text) => text !== null).join(' and ');
    if (why === '') return [];
    return aboutHost(
      `the host with ${counted(gpus.length, 'coherent GPU')} ${why}; the variant driver is for arm64 with ACPI`,
      'run ghpass on a Grace host',
    );
  },
};
