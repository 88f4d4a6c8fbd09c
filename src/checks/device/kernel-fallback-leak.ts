import { compareVersions } from '../../host/kernel/kernel.ts';
import { NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { about, type DeviceCheck, memoryNotKnown } from './facts.ts';

/** From the kernel that registers the memory of each open device to the last one that does so where there is none. */
const FIRST = [6, 19] as const;
const FIXED = [7, 3, 2] as const;

export const kernelFallbackLeak: DeviceCheck = {
  id: 'kernel.fallback-leak',
  severity: 'fail',
  title: 'Opening the device does not keep all GPUs from being opened again',
  looksAt: 'release of the kernel, the link driver, and the layout, measured or predicted',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_open_device: Linux dfe765499abf (6.19), fixed in 7.3.2',
  observe(facts) {
    const { version, release } = facts.host.kernel;
    const { pci, memory } = facts.gpu;
    if (version === null) return { notKnown: 'the release of the kernel is not known' };
    if (compareVersions(version, FIRST) < 0 || compareVersions(version, FIXED) >= 0) return [];
    if (pci.driver !== NVGRACE_DRIVER) return [];
    if (memory.layout !== 'none') return memoryNotKnown(facts.gpu) ?? [];
    return about(
      facts,
      `it has no coherent memory to export, and Linux ${release} never gives back what it registers for such a device when it is opened: every later open of a GPU ends with EBUSY (16) until the next boot`,
      `ghpass release ${pci.address}   # and do not open it`,
      'boot Linux 7.3.2 or newer',
    );
  },
};
