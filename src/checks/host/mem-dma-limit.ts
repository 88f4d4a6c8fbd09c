import { aboutHost, type HostCheck } from './facts.ts';

/** The default, and the most that a container needs for a guest: QEMU maps each section of memory once. */
const DEFAULT_ENTRIES = 65535;

export const memDmaLimit: HostCheck = {
  id: 'mem.dma-limit',
  severity: 'warn',
  title: 'A container of VFIO may have as many mappings as it does by default',
  looksAt: 'dma_entry_limit of vfio_iommu_type1',
  reference: 'drivers/vfio/vfio_iommu_type1.c, dma_entry_limit; NVIDIA/nvtrust#46',
  observe({ settings: { vfio } }) {
    const limit = vfio.dmaEntryLimit;
    if (limit === null) return { notKnown: 'vfio_iommu_type1 is not loaded, so it shows no parameters' };
    if (limit >= DEFAULT_ENTRIES) return [];
    return aboutHost(
      `dma_entry_limit is ${limit}, the default ${DEFAULT_ENTRIES}: VFIO_IOMMU_MAP_DMA ends with ENOSPC (28) when they are used up`,
      `echo ${DEFAULT_ENTRIES} > /sys/module/vfio_iommu_type1/parameters/dma_entry_limit`,
    );
  },
};
