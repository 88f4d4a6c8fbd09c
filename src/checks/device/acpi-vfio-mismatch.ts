import { formatBytes } from '../../vfio/bytes.ts';
import { measuredBytes } from '../../vfio/gpu.ts';
import { about, acpiNotKnown, type DeviceCheck, NOT_OPENED } from './facts.ts';

export const acpiVfioMismatch: DeviceCheck = {
  id: 'acpi.vfio-mismatch',
  severity: 'fail',
  title: 'Firmware and VFIO agree on the size of the coherent memory',
  looksAt: 'nvidia,gpu-mem-size, and the sparse areas of regions 2 and 4',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c: usable plus reserved memory is what ACPI announces',
  needsDevice: true,
  observe(facts) {
    const measured = measuredBytes(facts.gpu);
    const { acpi } = facts.gpu;
    if (facts.gpu.notOpened !== null) return NOT_OPENED;
    if (measured === null) return { notKnown: 'the regions hold no coherent memory' };
    if (!acpi.known || !acpi.sizeBytes) return acpiNotKnown(facts.gpu) ?? { notKnown: 'firmware announces no memory' };
    if (acpi.sizeBytes === measured) return [];
    return about(
      facts,
      `firmware announces ${formatBytes(acpi.sizeBytes)}, the regions hold ${formatBytes(measured)}`,
      `ghpass probe ${facts.gpu.pci.address} --json   # attach it to a report`,
    );
  },
};
