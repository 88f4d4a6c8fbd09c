import { about, acpiNotKnown, type DeviceCheck } from './facts.ts';

export const acpiDsdMissing: DeviceCheck = {
  id: 'acpi.dsd-missing',
  severity: 'fail',
  title: 'Firmware announces base and size of the coherent memory',
  looksAt: '_DSD of the device that firmware_node/path names, in DSDT and SSDT*',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_fetch_memory_property',
  observe(facts) {
    const { acpi, pci, nvlink } = facts.gpu;
    if (nvlink) return [];
    if (!acpi.known) return acpiNotKnown(facts.gpu) ?? [];
    const missing = [
      acpi.base === null ? 'nvidia,gpu-mem-base-pa' : null,
      acpi.sizeBytes ? null : 'nvidia,gpu-mem-size',
    ].filter((name) => name !== null);
    if (missing.length === 0) return [];
    const where = pci.acpiPath === null ? 'the device has no ACPI companion' : `_DSD of ${pci.acpiPath}`;
    return about(
      facts,
      `${where}: no ${missing.join(' and no ')}, so the driver has no coherent memory to export`,
      'update the firmware and power-cycle the host: firmware leaves them out when the C2C link did not come up',
    );
  },
};
