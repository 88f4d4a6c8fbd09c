import { about, type DeviceCheck } from './facts.ts';

export const resetNone: DeviceCheck = {
  id: 'reset.none',
  severity: 'fail',
  title: 'The device can be reset between guests',
  looksAt: 'reset_method',
  reference: 'drivers/pci/pci.c, pci_init_reset_methods; Hopper has no bus reset, so acpi or flr is expected',
  observe(facts) {
    const { pci } = facts.gpu;
    const path = `/sys/bus/pci/devices/${pci.address}/reset_method`;
    // The kernel shows the file only where there is a method; in a capture it may just not have been captured.
    if (pci.resetMethods === null && facts.host.source.kind !== 'local') return { notKnown: `there is no ${path}` };
    if (pci.resetMethods !== null && pci.resetMethods.length > 0) return [];
    const what = pci.resetMethods === null ? 'is missing' : 'is empty';
    return about(
      facts,
      `${path} ${what}: one guest would find what another one left in the GPU`,
      `echo default > ${path}`,
      'update the firmware: GH200 is reset by acpi or flr',
    );
  },
};
