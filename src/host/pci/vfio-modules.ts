import { type HostFiles, readTextIfReadable } from '../files.ts';

const CLASSES = '/sys/class';
const MODULES = '/sys/module';

/** VFIO and iommufd as sysfs shows them: what is loaded, and how. */
export interface VfioModules {
  /** Groups without an IOMMU behind them, by the names of their nodes: `noiommu-0`. */
  noiommuGroups: string[];
  /** Parameter of `vfio`; null where it is not known. */
  allowsNoiommu: boolean | null;
  /** Parameter of `vfio_iommu_type1`; null where it is not known. */
  allowsUnsafeInterrupts: boolean | null;
  /** Parameter of `vfio_iommu_type1`: mappings of one container; null where it is not known. */
  dmaEntryLimit: number | null;
  /** Nodes that programs open: `vfio` of the container, `iommu` of iommufd; null where sysfs has no classes. */
  nodes: { container: boolean; iommufd: boolean } | null;
}

export function readVfioModules(files: HostFiles): VfioModules {
  const parameter = (module: string, name: string) =>
    readTextIfReadable(files, `${MODULES}/${module}/parameters/${name}`);
  const boolean = (text: string | null) => (text === null ? null : text === 'Y');
  const limit = parameter('vfio_iommu_type1', 'dma_entry_limit');
  const misc = files.list(`${CLASSES}/misc`);
  return {
    noiommuGroups: files.list(`${CLASSES}/vfio`).filter((name) => name.startsWith('noiommu-')),
    allowsNoiommu: boolean(parameter('vfio', 'enable_unsafe_noiommu_mode')),
    allowsUnsafeInterrupts: boolean(parameter('vfio_iommu_type1', 'allow_unsafe_interrupts')),
    dmaEntryLimit: limit === null ? null : Number(limit),
    nodes: misc.length === 0 ? null : { container: misc.includes('vfio'), iommufd: misc.includes('iommu') },
  };
}
