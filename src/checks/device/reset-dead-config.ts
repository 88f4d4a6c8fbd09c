import { about, type DeviceCheck } from './facts.ts';

export const resetDeadConfig: DeviceCheck = {
  id: 'reset.dead-config',
  severity: 'fail',
  title: 'The device answers',
  looksAt: 'vendor id in config',
  reference: 'PCI Express 6.0, 2.3.2: what nobody answers reads all ones; NVIDIA/open-gpu-kernel-modules#1353',
  observe(facts) {
    const { config, address } = facts.gpu.pci;
    if (config === null || config.length < 2) return { notKnown: 'config cannot be read' };
    if (config[0] !== 0xff || config[1] !== 0xff) return [];
    return about(
      facts,
      'its configuration space reads all ones (vendor id 0xffff): the device has fallen off the bus',
      `dmesg | grep ${address}`,
      'power-cycle the host, or reset the GPU with nvidia_gpu_tools.py of NVIDIA/gpu-admin-tools',
    );
  },
};
