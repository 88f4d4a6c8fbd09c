import { NVGRACE_DRIVER } from '../../host/modules-alias.ts';
import { about, type DeviceCheck, predictedSizes } from './facts.ts';

export const driverUnbound: DeviceCheck = {
  id: 'driver.unbound',
  severity: 'warn',
  title: 'A driver through which VFIO can open the device is bound',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c',
  observe(facts) {
    const { notOpened, pci } = facts.gpu;
    if (notOpened?.reason !== 'driver') return [];
    const { driver } = notOpened;
    const holder = driver === null ? 'no driver is bound' : `bound to ${driver}`;
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
