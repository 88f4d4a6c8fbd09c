import { looksAtDvsec } from '../../vfio/arithmetic.ts';
import { aboutHost, type HostCheck, RELEASE_NOT_KNOWN } from './facts.ts';

export const kernelRegion4Rounding: HostCheck = {
  id: 'kernel.region4-rounding',
  severity: 'info',
  title: 'Region 4 has the length that current kernels give it',
  looksAt: 'release of the kernel',
  reference: 'Linux bd53764a60ad (6.14, 6.12.16), nvgrace_gpu_init_nvdev_struct',
  observe({ host: { kernel } }) {
    if (kernel.version === null) return RELEASE_NOT_KNOWN;
    if (looksAtDvsec(kernel.version)) return [];
    return aboutHost(
      `Linux ${kernel.release} rounds the usable memory down to 512 MiB before it rounds region 4 up: the region may be half as long as with 6.14 or 6.12.16`,
    );
  },
};
