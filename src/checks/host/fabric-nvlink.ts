import { counted } from '../counted.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const fabricNvlink: HostCheck = {
  id: 'fabric.nvlink',
  severity: 'warn',
  title: 'No NVSwitch has to be set up before a guest’s GPUs can be used',
  looksAt: 'vendor and class of all PCI functions',
  reference: 'NVIDIA/nvrc#159, kata-containers/kata-containers#11912: CUDA error 802',
  observe({ settings: { nvSwitches }, gpus }) {
    if (nvSwitches === null) return { notKnown: 'the class of an NVIDIA function is not known' };
    if (nvSwitches.length === 0) return [];
    return aboutHost(
      `the host has ${counted(gpus.length, 'GPU')} and ${counted(nvSwitches.length, 'NVSwitch', 'NVSwitches')} (${nvSwitches.join(', ')}): CUDA in a guest ends with error 802 until the fabric manager has made a partition for its GPUs`,
      'give the guest all GPUs and NVSwitches, or make a partition for its GPUs:',
      'systemctl status nvidia-fabricmanager',
    );
  },
};
