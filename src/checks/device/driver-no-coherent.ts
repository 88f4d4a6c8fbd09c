import { isNvgrace } from '../../host/modules-alias.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { about, type DeviceCheck } from './facts.ts';

export const driverNoCoherent: DeviceCheck = {
  id: 'driver.no-coherent',
  severity: 'fail',
  title: 'The variant driver exports the coherent memory',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_probe: fallback to vfio-pci-core',
  observe(facts) {
    const { memory, pci, acpi, regions } = facts.gpu;
    if (!isNvgrace(pci.driver) || memory.origin !== 'measured' || memory.layout !== 'none') return [];
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
