import type { RunningGuestCheck } from './facts.ts';

export const guestBusMaster: RunningGuestCheck = {
  id: 'guest.busmaster',
  severity: 'info',
  title: 'A GPU that NVIDIA’s driver has may access memory by itself',
  looksAt: 'the command register in config of each GPU in the guest, once NVIDIA’s driver is loaded',
  reference: 'PCI Local Bus 3.0, 6.2.2: Bus Master; drivers/pci/pci.c, pci_set_master',
  observe({ driver, gpus }) {
    if (driver === null) return [];
    return gpus.flatMap(({ address, busMaster }) => {
      if (busMaster !== false) return [];
      const message = `NVIDIA's driver is loaded in the guest, and Bus Master of the GPU is off: it reads and writes no memory of the guest, and raises no interrupt`;
      return [
        {
          subject: address,
          message,
          remedy: ['in the guest: dmesg | grep -i nvrm   # why the driver has not started the GPU'],
        },
      ];
    });
  },
};
