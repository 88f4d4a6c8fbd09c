import { NVGRACE_DRIVER } from '../../host/pci/modules-alias.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const kernelNvgraceConfig: HostCheck = {
  id: 'kernel.nvgrace-config',
  severity: 'fail',
  title: 'The kernel has the variant driver',
  looksAt: 'CONFIG_NVGRACE_GPU_VFIO_PCI, the vfio_pci: lines of modules.alias, and the drivers of the GPUs',
  reference: 'Linux 701ab935859f (6.9); microsoft/azurelinux#18622',
  observe({ host: { kernel, vfioAliases }, gpus }) {
    const option = kernel.config?.get('NVGRACE_GPU_VFIO_PCI');
    const isListed = vfioAliases?.some(({ module }) => module === NVGRACE_DRIVER);
    const isBound = gpus.some(({ pci }) => pci.driver === NVGRACE_DRIVER);
    if (isBound || isListed || (vfioAliases === null && option !== undefined)) return [];
    if (kernel.config === null && vfioAliases === null) {
      return { notKnown: 'neither the build options of the kernel nor its modules.alias are known' };
    }
    const why =
      option === undefined
        ? 'was built without CONFIG_NVGRACE_GPU_VFIO_PCI'
        : `has CONFIG_NVGRACE_GPU_VFIO_PCI=${option}, but its modules.alias does not list ${NVGRACE_DRIVER}`;
    const known = kernel.config === null ? `lists no ${NVGRACE_DRIVER} in its modules.alias` : why;
    return aboutHost(
      `Linux ${kernel.release ?? 'of unknown release'} ${known}: no GPU can be given to a guest with its memory`,
      'boot Linux 6.9 or newer that was built with CONFIG_NVGRACE_GPU_VFIO_PCI=m, or a kernel of NVIDIA',
      'apt-get install linux-modules-extra-$(uname -r)   # Ubuntu',
    );
  },
};
