import { migWorksWithCachedMemory } from '../../../host/pci/dvsec.ts';
import { looksAtDvsec } from '../../../vfio/arithmetic.ts';
import type { LayoutPredicate } from './predicate.ts';

/** The device and its driver agree, on kernels whose driver looks: a set bit makes `whole`, a clear or missing one `carveout`. */
export function dvsecAgrees(layout: 'carveout' | 'whole'): LayoutPredicate {
  return {
    rule: `${layout}: NVIDIA’s DVSEC says that MIG ${layout === 'whole' ? 'works' : 'does not work'} with cached memory`,
    source: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_has_mig_hw_bug (bd53764a60ad, Linux 6.14 and 6.12.16)',
    faults({ gpu, host }) {
      const { version } = host.kernel;
      if (gpu.pci.config === null || version === null || !looksAtDvsec(version)) return [];
      const cached = migWorksWithCachedMemory(gpu.pci.config);
      if (cached === null || cached === (layout === 'whole')) return [];
      const says = `MIG ${cached ? 'works' : 'does not work'} with cached memory`;
      return [`the layout is ${layout}, but the DVSEC says that ${says}`];
    },
  };
}
