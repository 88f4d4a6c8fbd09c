import { NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { isVfioDriver } from '../../vfio/function-answer.ts';
import { about, type DeviceCheck, predictedSizes } from './facts.ts';

export const driverUnbound: DeviceCheck = {
  id: 'driver.unbound',
  severity: 'warn',
  title: 'A driver through which VFIO can open the device is bound',
  looksAt: 'the link driver',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c',
  observe(facts) {
    const { pci } = facts.gpu;
    if (isVfioDriver(pci.driver)) return [];
    const holder = pci.driver === null ? 'no driver is bound' : `bound to ${pci.driver}`;
    return about(
      facts,
      `${holder}, so the device cannot be asked; ${predictedSizes(facts)}`,
      ...(facts.gpu.nvlink
        ? [
            `echo vfio-pci > /sys/bus/pci/devices/${pci.address}/driver_override`,
            `echo ${pci.address} > /sys/bus/pci/drivers_probe`,
          ]
        : [`ghpass bind ${pci.address}   # ${NVGRACE_DRIVER}`]),
    );
  },
};
