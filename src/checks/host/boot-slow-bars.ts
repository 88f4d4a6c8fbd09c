import { compareVersions } from '../../host/kernel/kernel.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { aboutHost, type HostCheck, RELEASE_NOT_KNOWN } from './facts.ts';

export const bootSlowBars: HostCheck = {
  id: 'boot.slow-bars',
  severity: 'warn',
  title: 'GPU memory is mapped into a guest in huge pages',
  looksAt: 'release of the kernel, its page size, and the usable memory of all GPUs',
  reference: 'Linux 9db65489b872 (6.19), huge PFNMAP; tianocore/edk2#10856, NVIDIA/NV-Kernels#286',
  observe({ host: { kernel, pageBytes }, gpus }) {
    if (kernel.version === null) return RELEASE_NOT_KNOWN;
    if (compareVersions(kernel.version, [6, 19]) >= 0) return [];
    const usable = gpus.reduce((sum, { memory }) => sum + (memory.usable?.sizeBytes ?? 0n), 0n);
    if (usable === 0n) return { notKnown: 'the memory of the GPUs is not known' };
    if (pageBytes === null) return { notKnown: 'the page size of the kernel is not known' };
    return aboutHost(
      `Linux ${kernel.release} maps ${formatBytes(usable)} of GPU memory as ${usable / pageBytes} pages of ${formatBytes(pageBytes)}, unless its vendor took huge PFNMAP in: a guest may take minutes before its kernel starts`,
      'boot Linux 6.19 or newer',
      'ghpass create-vm … --timeout 1800',
    );
  },
};
