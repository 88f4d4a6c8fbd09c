import { findVariantDriver, NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { formatIds } from '../../vfio/catalogue.ts';
import { about, type DeviceCheck } from './facts.ts';

export const deviceUnknownId: DeviceCheck = {
  id: 'device.unknown-id',
  severity: 'warn',
  title: 'The running kernel lists a variant driver for the device',
  looksAt: 'modalias of the device, and the vfio_pci: lines of modules.alias',
  reference: '/lib/modules/…/modules.alias, vfio_pci: aliases',
  observe(facts) {
    const { vfioAliases, kernel } = facts.host;
    const { pci, nvlink } = facts.gpu;
    // NVLink2 came with vfio-pci itself.
    if (nvlink) return [];
    if (vfioAliases === null) return { notKnown: `there is no /lib/modules/${kernel.release ?? '…'}/modules.alias` };
    if (findVariantDriver(vfioAliases, pci.modalias) === NVGRACE_DRIVER) return [];
    return about(
      facts,
      `kernel ${kernel.release} lists no variant driver for ${formatIds(pci.vendor, pci.device)}`,
      'boot a kernel whose modules.alias lists the device, or a vendor kernel',
    );
  },
};
