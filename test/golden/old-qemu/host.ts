import { graceHost, hopper, TOOLS } from '../../fixtures/grace-host.ts';

/** A GH200 with a QEMU that swaps the PCI handle and cannot change its window. Linux 6.17, QEMU 9.1.3, AAVMF 2026.08. */
export const HOST = graceHost([hopper()], {
  tools: {
    ...TOOLS,
    qemu: TOOLS.qemu && { ...TOOLS.qemu, version: [9, 1, 3], highmemMmioSize: false, smmuProperties: [] },
  },
});
