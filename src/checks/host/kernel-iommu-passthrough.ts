import { kernelArgument } from '../../host/kernel/kernel-argument.ts';
import { counted } from '../counted.ts';
import { aboutHost, bootWith, CONFIG_NOT_KNOWN, type HostCheck } from './facts.ts';

const ON = new Set(['1', 'on', 'y', 'yes', 'true']);

export const kernelIommuPassthrough: HostCheck = {
  id: 'kernel.iommu-passthrough',
  severity: 'warn',
  title: 'The IOMMU translates for the host’s own devices, too',
  looksAt: 'iommu.passthrough in /proc/cmdline, CONFIG_IOMMU_DEFAULT_PASSTHROUGH, and the type of the GPUs’ groups',
  reference: 'NVIDIA’s guide for Grace, as quoted in k8snetworkplumbingwg/sriov-network-operator#864',
  observe({ host: { kernel }, gpus }) {
    if (kernel.commandLine === null) return { notKnown: 'there is no /proc/cmdline' };
    const value = kernelArgument(kernel.commandLine, 'iommu.passthrough');
    if (value === null && kernel.config === null) return CONFIG_NOT_KNOWN;
    const isDefault = kernel.config?.get('IOMMU_DEFAULT_PASSTHROUGH') === 'y';
    if (!(value === null ? isDefault : ON.has(value))) return [];
    const why = value === null ? 'CONFIG_IOMMU_DEFAULT_PASSTHROUGH=y' : `iommu.passthrough=${value}`;
    const identity = gpus.filter(({ pci }) => pci.state.groupType === 'identity').length;
    return aboutHost(
      `${why} (${counted(gpus.length, 'GPU')}, ${identity} in a group of type identity): VFIO is not affected, but NVIDIA asks for 0 on Grace`,
      ...bootWith('iommu.passthrough=0'),
    );
  },
};
