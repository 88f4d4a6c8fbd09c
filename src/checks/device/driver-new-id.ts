import { isVfioDriver } from '../../vfio/function-answer.ts';
import { about, type DeviceCheck } from './facts.ts';

export const driverNewId: DeviceCheck = {
  id: 'driver.new-id',
  severity: 'warn',
  title: 'VFIO has the GPU because of an override, not because of a dynamic id',
  looksAt: 'the link driver, and driver_override',
  reference: 'Documentation/ABI/testing/sysfs-bus-pci, new_id and driver_override',
  observe(facts) {
    const { address, driver, driverOverride } = facts.gpu.pci;
    if (!isVfioDriver(driver) || driverOverride !== null) return [];
    return about(
      facts,
      `bound to ${driver} with an empty driver_override: if by new_id, the driver takes every GPU of this id as it appears`,
      `grep -rn new_id /etc/udev/rules.d /etc/systemd/system /etc/modprobe.d   # who writes it`,
      `echo ${address} > /sys/bus/pci/drivers/${driver}/unbind`,
      `ghpass bind ${address}`,
    );
  },
};
