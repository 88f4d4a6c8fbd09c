import { about, type DeviceCheck } from './facts.ts';

export const gpuVfsEnabled: DeviceCheck = {
  id: 'gpu.vfs-enabled',
  severity: 'fail',
  title: 'No virtual functions are enabled',
  looksAt: 'sriov_numvfs',
  reference: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_register_device: EBUSY',
  observe(facts) {
    const { address, enabledVfs } = facts.gpu.pci;
    if (!enabledVfs) return [];
    return about(
      facts,
      `${enabledVfs} virtual functions are enabled: VFIO refuses the device, and a guest could not get all of it`,
      `echo 0 > /sys/bus/pci/devices/${address}/sriov_numvfs`,
    );
  },
};
