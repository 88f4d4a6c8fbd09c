import { about, type DeviceCheck } from './facts.ts';

export const acpiUnreadable: DeviceCheck = {
  id: 'acpi.unreadable',
  severity: 'warn',
  title: 'Firmware’s tables can be read',
  reference: 'drivers/acpi/sysfs.c: tables are mode 0400',
  observe(facts) {
    const { acpi } = facts.gpu;
    if (acpi.known) return [];
    return about(
      facts,
      `${acpi.path}: ${acpi.errno}; what firmware says of the coherent memory is not known`,
      `sudo ghpass probe ${facts.gpu.pci.address}`,
    );
  },
};
