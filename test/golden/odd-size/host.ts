import { GIB, graceHost, hopper, MIB } from '../../fixtures/grace-host.ts';

/** 0x9F123000 bytes, no whole number of 64 KiB pages. Linux 7.3.4, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost(
  [
    hopper({
      memory: { base: 0x1_8000_0000n, sizeBytes: 0x9f12_3000n },
      bars: [16n * MIB, 4n * GIB, 32n * MIB],
      regions: [
        { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
        { index: 2, sizeBytes: 2n * GIB, sparseBytes: 0x5f12_3000n },
        { index: 4, sizeBytes: 2n * GIB, sparseBytes: GIB },
      ],
    }),
  ],
  { release: '7.3.4' },
);
