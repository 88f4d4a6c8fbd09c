import { formatBytes } from '../../vfio/bytes.ts';
import { about, type DeviceCheck } from './facts.ts';

export const nvidiaMemoryOnline: DeviceCheck = {
  id: 'nvidia.memory-online',
  severity: 'fail',
  title: 'The host does not use the memory of the GPU as its own',
  looksAt: '"System RAM (NVIDIA)" in /proc/iomem',
  reference: 'open-gpu-kernel-modules 595.45.04: memory is added as "System RAM (NVIDIA)"',
  observe(facts) {
    const { use } = facts.gpu;
    if (use === null) return [];
    const bytes = use.onlineBytes;
    if (bytes === null)
      return { notKnown: 'the addresses in /proc/iomem are for root only, or firmware names no range' };
    if (bytes === 0n) return [];
    return about(
      facts,
      `the host uses ${formatBytes(bytes)} of its memory, as "System RAM (NVIDIA)" of /proc/iomem; a guest that got it would overwrite what is in it`,
      `ghpass bind ${facts.gpu.pci.address}   # waits for it to go offline`,
      'modprobe --remove nvidia_uvm nvidia   # gives all of it back, where nothing uses the driver',
    );
  },
};
