import { about, type DeviceCheck } from './facts.ts';

export const acpiUnreadable: DeviceCheck = {
  id: 'acpi.unreadable',
  severity: 'warn',
  title: 'Firmware’s tables can be read',
  looksAt: 'DSDT and SSDT* in /sys/firmware/acpi/tables',
  reference: 'drivers/acpi/sysfs.c: tables are mode 0400',
  observe(facts) {
    const { acpi, nvlink } = facts.gpu;
    if (nvlink) return [];
    if (!facts.host.hasAcpi) return { notKnown: 'there is no /sys/firmware/acpi/tables' };
    if (acpi.known) return [];
    return about(
      facts,
      `${acpi.path}: ${acpi.errno}; what firmware says of the coherent memory is not known`,
      `sudo ghpass probe ${facts.gpu.pci.address}`,
    );
  },
};
