import { GIB, graceHost, hopper, MIB, TOOLS } from '../../fixtures/grace-host.ts';

/**
 * 65.25 GiB as the first released driver lays them out: the usable BAR is rounded after the memory, so it is 64 GiB. KVM does
 * not map it cacheable. Linux 6.9, QEMU 10.0.2, AAVMF 2025.02.
 */
export const HOST = graceHost(
  [
    hopper({
      memory: { base: 0x200_0000_0000n, sizeBytes: (261n * GIB) / 4n },
      regions: [
        { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
        { index: 2, sizeBytes: 2n * GIB, sparseBytes: (5n * GIB) / 4n },
        { index: 4, sizeBytes: 64n * GIB, sparseBytes: 64n * GIB },
      ],
    }),
  ],
  {
    release: '6.9.0',
    tools: {
      qemu: TOOLS.qemu && { ...TOOLS.qemu, version: [10, 0, 2], smmuProperties: ['primary-bus'] },
      firmware: TOOLS.firmware.map((image) => ({
        ...image,
        package: { name: 'qemu-efi-aarch64', version: '2025.02-8' },
      })),
      kvm: { ...TOOLS.kvm, cacheablePfnmap: false },
    },
  },
);
