import { formatBytes } from '../../vfio/bytes.ts';
import { about, type DeviceCheck, NOT_OPENED } from './facts.ts';

export const stackPadBars: DeviceCheck = {
  id: 'stack.pad-bars',
  severity: 'warn',
  title: 'No region has to be padded by the VMM',
  looksAt: 'lengths of VFIO regions 2 and 4',
  needsDevice: true,
  reference: 'QEMU hw/pci/pci.c, pci_register_bar: the length of a BAR is a power of two',
  observe(facts) {
    const { layout, usable } = facts.gpu.memory;
    if (facts.gpu.notOpened !== null) return NOT_OPENED;
    if (layout !== 'pad-bars' || !usable) return [];
    return about(
      facts,
      `region ${usable.region} is ${formatBytes(usable.sizeBytes)}: the VMM has to pad it to a BAR of ${formatBytes(usable.barBytes)}, and no released QEMU does`,
      'use the variant driver of Linux 6.9 or newer, which gives a sparse area instead',
    );
  },
};
