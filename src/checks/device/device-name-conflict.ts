import { formatIds } from '../../vfio/catalogue.ts';
import { about, type DeviceCheck } from './facts.ts';

export const deviceNameConflict: DeviceCheck = {
  id: 'device.name-conflict',
  severity: 'info',
  title: 'Kernel and vendor mean the same product by the ids',
  looksAt: 'device and subsystem ids, and the GPU catalogue',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_vfio_pci_table; open-gpu-kernel-modules 595.45.04',
  observe(facts) {
    const { pci, product } = facts.gpu;
    if (product === null) return { notKnown: 'the ids are in no GPU catalogue' };
    if (!product.kernelName || product.kernelName === product.name) return [];
    const device = formatIds(pci.vendor, pci.device);
    const subsystem = formatIds(pci.subsystemVendor, pci.subsystemDevice);
    return about(
      facts,
      `${device} with subsystem ${subsystem} is "${product.name}" to its vendor; the kernel's driver calls ${device} "${product.kernelName}"`,
    );
  },
};
