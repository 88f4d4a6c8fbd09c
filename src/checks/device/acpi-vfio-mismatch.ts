import { formatBytes } from '../../vfio/bytes.ts';
import { measuredBytes } from '../../vfio/gpu.ts';
import { about, type DeviceCheck } from './facts.ts';

export const acpiVfioMismatch: DeviceCheck = {
  id: 'acpi.vfio-mismatch',
  severity: 'fail',
  title: 'Firmware and VFIO agree on the size of the coherent memory',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c: usable plus reserved memory is what ACPI announces',
  observe(facts) {
    const measured = measuredBytes(facts.gpu);
    const { acpi } = facts.gpu;
    if (measured === null || !acpi.known || !acpi.sizeBytes || acpi.sizeBytes === measured) return [];
    return about(
      facts,
      `firmware announces ${formatBytes(acpi.sizeBytes)}, the regions hold ${formatBytes(measured)}`,
      `ghpass probe ${facts.gpu.pci.address} --json   # attach it to a report`,
    );
  },
};
