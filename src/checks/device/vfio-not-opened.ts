import { about, type DeviceCheck, predictedSizes } from './facts.ts';

export const vfioNotOpened: DeviceCheck = {
  id: 'vfio.not-opened',
  severity: 'info',
  title: 'The device itself was asked',
  looksAt: 'whether the device was opened',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct',
  needsDevice: true,
  observe(facts) {
    const reason = facts.gpu.notOpened?.reason;
    if (reason !== 'not-wanted' && reason !== 'no-answer') return [];
    const why =
      reason === 'not-wanted' ? '--no-open was given' : `${facts.host.source.name} has no answer of the device`;
    return about(facts, `${why}; ${predictedSizes(facts)}`, `ghpass probe ${facts.gpu.pci.address}`);
  },
};
