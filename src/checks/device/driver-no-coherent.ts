import { isNvgrace, NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { about, type DeviceCheck, memoryNotKnown, NOT_OPENED } from './facts.ts';

export const driverNoCoherent: DeviceCheck = {
  id: 'driver.no-coherent',
  severity: 'fail',
  title: 'The variant driver exports the coherent memory',
  looksAt: 'the link driver, and VFIO regions 2 and 4',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_probe: fallback to vfio-pci-core',
  needsDevice: true,
  observe(facts) {
    const { memory, pci, acpi, regions, nvlink } = facts.gpu;
    if (nvlink) return [];
    if (!isNvgrace(pci.driver)) return { notKnown: `${NVGRACE_DRIVER} is not bound` };
    if (facts.gpu.notOpened !== null) return NOT_OPENED;
    if (memory.layout !== 'none') return memoryNotKnown(facts.gpu) ?? [];
    const size = (index: number) => formatBytes(regions.find((region) => region.index === index)?.sizeBytes ?? 0n);
    const cause = acpi.known && !acpi.sizeBytes ? '; firmware announces no memory for it' : '';
    return about(
      facts,
      `${pci.driver} is bound and exports nothing coherent: region 2 (${size(2)}) and region 4 (${size(4)}) are the physical BARs${cause}`,
      'update the firmware and power-cycle the host: the C2C link did not come up, or the firmware is too old',
      `dmesg | grep ${pci.address}`,
    );
  },
};
