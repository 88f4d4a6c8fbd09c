import { about, type DeviceCheck } from './facts.ts';

export const vfioProbeReset: DeviceCheck = {
  id: 'vfio.probe-reset',
  severity: 'info',
  title: 'The device was left as it was',
  looksAt: 'whether the device was opened',
  reference: 'drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_enable and _disable',
  needsDevice: true,
  observe(facts) {
    if (facts.gpu.notOpened !== null || facts.host.source.kind !== 'local') return [];
    return about(
      facts,
      'the device was opened, which reset the function twice',
      `ghpass probe ${facts.gpu.pci.address} --no-open   # predicts instead`,
    );
  },
};
