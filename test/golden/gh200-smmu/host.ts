import { GRACE_KERNEL_CONFIG } from '../../../src/host/builtin/gh200.ts';
import { graceHost, hopper } from '../../fixtures/grace-host.ts';
import { hugePages, KIB_OF_512M } from '../../fixtures/huge-pages.ts';

/** A GH200 whose kernel nests translations, with huge pages. Linux 6.19, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost([hopper()], {
  release: '6.19.0',
  kernelConfig: { ...GRACE_KERNEL_CONFIG, ARM_SMMU_V3_IOMMUFD: 'y' },
});

export const CHANGES = { files: hugePages(0, KIB_OF_512M, 128, 128) };
