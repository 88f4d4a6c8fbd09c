import { NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { about, type DeviceCheck } from './facts.ts';

export const driverOverrideLost: DeviceCheck = {
  id: 'driver.override-lost',
  severity: 'fail',
  title: 'The driver that driver_override names is the one that is bound',
  looksAt: 'driver_override, and the link driver',
  reference: 'drivers/pci/pci-driver.c, pci_match_device; kubernetes-sigs/dra-driver-nvidia-gpu#1268',
  observe(facts) {
    const { driver, driverOverride, address } = facts.gpu.pci;
    if (driverOverride === null || driverOverride === driver) return [];
    const isMisspelt = driverOverride.replaceAll('-', '_') === NVGRACE_DRIVER && driverOverride !== NVGRACE_DRIVER;
    const hint = isMisspelt ? `; the driver's name is ${NVGRACE_DRIVER}, with underscores` : '';
    return about(
      facts,
      `driver_override is ${driverOverride}, but ${driver === null ? 'no driver is bound' : `${driver} is bound`}${hint}`,
      `echo > /sys/bus/pci/devices/${address}/driver_override`,
      `ghpass bind ${address}`,
    );
  },
};
