import { bootSlowBars } from './boot-slow-bars.ts';
import { egmUnsupported } from './egm-unsupported.ts';
import { fabricNvlink } from './fabric-nvlink.ts';
import type { HostCheck } from './facts.ts';
import { iommuCacheCoherency } from './iommu-cache-coherency.ts';
import { iommuMsiIsolation } from './iommu-msi-isolation.ts';
import { iommuNoiommu } from './iommu-noiommu.ts';
import { kernelInitOnAlloc } from './kernel-init-on-alloc.ts';
import { kernelIommuPassthrough } from './kernel-iommu-passthrough.ts';
import { kernelNvgraceConfig } from './kernel-nvgrace-config.ts';
import { kernelPageSize } from './kernel-page-size.ts';
import { kernelRasConfig } from './kernel-ras-config.ts';
import { kernelRegion4Rounding } from './kernel-region4-rounding.ts';
import { kernelVfioConfig } from './kernel-vfio-config.ts';
import { libvirtEmptyCell } from './libvirt-empty-cell.ts';
import { libvirtIommufd } from './libvirt-iommufd.ts';
import { libvirtNodesetDropped } from './libvirt-nodeset-dropped.ts';
import { libvirtSecurity } from './libvirt-security.ts';
import { libvirtSmmu } from './libvirt-smmu.ts';
import { libvirtUnreachable } from './libvirt-unreachable.ts';
import { libvirtWindow } from './libvirt-window.ts';
import { memDmaLimit } from './mem-dma-limit.ts';
import { memHugepages } from './mem-hugepages.ts';
import { numaBalancing } from './numa-balancing.ts';
import { numaHostNodes } from './numa-host-nodes.ts';
import { numaMemoryOnly } from './numa-memory-only.ts';
import { platformUnsupported } from './platform-unsupported.ts';

/** Those that tell how the domain of a guest has to be written. */
export const LIBVIRT_CHECKS_BEFORE_GUEST: readonly HostCheck[] = [
  libvirtNodesetDropped,
  libvirtEmptyCell,
  libvirtWindow,
  libvirtIommufd,
  libvirtSmmu,
];

/** Those that look at libvirt: of no use to a guest that ghpass starts without it. */
export const LIBVIRT_CHECKS: readonly HostCheck[] = [
  libvirtUnreachable,
  libvirtSecurity,
  ...LIBVIRT_CHECKS_BEFORE_GUEST,
];

/** What is checked of a host as a whole, the cause before its consequences. */
export const HOST_CHECKS: readonly HostCheck[] = [
  platformUnsupported,
  kernelNvgraceConfig,
  kernelVfioConfig,
  kernelPageSize,
  kernelRegion4Rounding,
  kernelInitOnAlloc,
  kernelIommuPassthrough,
  kernelRasConfig,
  iommuCacheCoherency,
  iommuMsiIsolation,
  iommuNoiommu,
  memDmaLimit,
  memHugepages,
  bootSlowBars,
  numaMemoryOnly,
  numaHostNodes,
  numaBalancing,
  fabricNvlink,
  egmUnsupported,
  ...LIBVIRT_CHECKS,
];

/** Those that are checked again before a guest is started: each keeps VFIO from giving a device to it, or makes that unsafe. */
export const HOST_CHECKS_BEFORE_GUEST: readonly HostCheck[] = [iommuCacheCoherency, iommuMsiIsolation, iommuNoiommu];
