import { migWorksWithCachedMemory } from '../../host/dvsec.ts';
import { looksAtDvsec } from '../../vfio/arithmetic.ts';
import { about, type DeviceCheck, type DeviceFacts } from './facts.ts';
import { specialRegionFaults } from './special-regions.ts';

export const bar2LayoutUnknown: DeviceCheck = {
  id: 'bar2.layout-unknown',
  severity: 'fail',
  title: 'The regions are those of a known layout',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_ioctl_get_region_info',
  observe(facts) {
    const faults = layoutFaults(facts);
    if (faults.length === 0) return [];
    return about(facts, faults.join('; '), `ghpass probe ${facts.gpu.pci.address} --json   # attach it to a report`);
  },
};

function layoutFaults(facts: DeviceFacts): string[] {
  const { gpu } = facts;
  if (gpu.undecodable !== null) return [`the kernel's answer cannot be decoded: ${gpu.undecodable}`];
  if (gpu.memory.origin !== 'measured') return [];
  const faults = specialRegionFaults(gpu, facts.host.kernel.version);
  const contradiction = dvsecContradiction(facts);
  return contradiction ? [...faults, contradiction] : faults;
}

/** The DVSEC bit and the layout say the same thing on kernels whose driver looks at the bit. */
function dvsecContradiction({ gpu, host }: DeviceFacts): string | null {
  const { layout } = gpu.memory;
  if ((layout !== 'whole' && layout !== 'carveout') || gpu.pci.config === null) return null;
  if (host.kernel.version === null || !looksAtDvsec(host.kernel.version)) return null;
  const cached = migWorksWithCachedMemory(gpu.pci.config);
  if (cached === null || cached === (layout === 'whole')) return null;
  return `the layout is ${layout}, but the DVSEC says that MIG ${cached ? 'works' : 'does not work'} with cached memory`;
}
