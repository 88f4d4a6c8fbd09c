import { NEWEST_TOOLS } from '../newest-tools.ts';
import type { SyntheticHost } from './synthesize.ts';

const MIB = 1024n ** 2n;
const GIB = 1024n ** 3n;

/** Kernel options of a host as NVIDIA asks for it (facts of Linux 6.17). */
export const GRACE_KERNEL_CONFIG: Readonly<Record<string, string>> = {
  ARM64_64K_PAGES: 'y',
  ARM_SMMU_V3: 'y',
  ACPI_APEI_GHES: 'y',
  IOMMUFD: 'm',
  MEMORY_FAILURE: 'y',
  NODES_SHIFT: '6',
  NVGRACE_GPU_VFIO_PCI: 'm',
  VFIO: 'm',
  VFIO_CONTAINER: 'y',
  VFIO_DEVICE_CDEV: 'y',
  VFIO_GROUP: 'y',
  VFIO_IOMMU_TYPE1: 'm',
};

/** A host with one GH200: 94.5 GiB of coherent memory, one socket of 72 CPUs. */
export const GH200: SyntheticHost = {
  about: 'sizes are the driver’s arithmetic for 94.5 GiB of coherent memory, not those of a real board',
  release: '6.17.0',
  kernelConfig: GRACE_KERNEL_CONFIG,
  gpus: [
    {
      address: '0009:01:00.0',
      device: 0x2342,
      subsystemDevice: 0x16eb,
      driver: 'nvgrace_gpu_vfio_pci',
      iommuGroup: '12',
      numaNode: 0,
      memory: { base: 0x200_0000_0000n, sizeBytes: (189n * GIB) / 2n },
      bars: [16n * MIB, 128n * GIB, 32n * MIB],
      migWorksWithCachedMemory: false,
      regions: [
        { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
        { index: 2, sizeBytes: 1n * GIB, sparseBytes: 1n * GIB },
        { index: 4, sizeBytes: 128n * GIB, sparseBytes: (187n * GIB) / 2n },
      ],
      proximityDomains: [1, 8],
    },
  ],
  nodes: [
    { cpus: [0, 71], memoryBytes: 480n * GIB, distances: [10, ...Array<number>(8).fill(80)] },
    ...Array.from({ length: 8 }, (_, i) => ({
      cpus: null,
      memoryBytes: 0n,
      distances: [80, ...Array.from({ length: 8 }, (__, j) => (i === j ? 10 : 11))],
    })),
  ],
  tools: NEWEST_TOOLS,
};
