import { exportsNvlinkMemory, NVLINK2_STACK } from '../../vfio/nvlink.ts';
import { about, type DeviceCheck } from './facts.ts';

export const stackNvlink2: DeviceCheck = {
  id: 'stack.nvlink2',
  severity: 'fail',
  title: 'The kernel exports NVLink2 memory',
  looksAt: 'release of the running kernel, and VFIO regions from 9 on',
  reference: 'Linux 7f92891778df (5.0) and b392a1989170 (5.13), QEMU ec132efaa81f (4.1) and 44fa20c928 (8.2)',
  observe(facts) {
    const { memory, nvlink } = facts.gpu;
    const { kernel } = facts.host;
    if (memory.layout === 'nvlink2') {
      const message = `memory behind NVLink2 needs ${NVLINK2_STACK}; ghpass plans such a guest, and does not start it`;
      return about(facts, message).map((observation) => ({ ...observation, severity: 'info' }));
    }
    if (!nvlink) return [];
    const exports = exportsNvlinkMemory(kernel);
    if (exports === null) return { notKnown: 'the release of the kernel is not known' };
    if (exports) return [];
    return about(
      facts,
      `Linux ${kernel.release} exports no memory behind NVLink2: that needs ${NVLINK2_STACK}`,
      'boot Linux 5.0 to 5.12: later kernels know the numbers of these regions, and never answer with them',
    );
  },
};
