import { blackwell, GIB, graceHost, MIB } from '../../fixtures/grace-host.ts';

/** A GB200 whose physical BAR2 is half as long as it should be. Linux 6.17, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost([
  blackwell({
    bars: [64n * MIB, 128n * GIB, 32n * MIB],
    regions: [
      { index: 0, sizeBytes: 64n * MIB, sparseBytes: null },
      { index: 2, sizeBytes: 128n * GIB, sparseBytes: null },
      { index: 4, sizeBytes: 256n * GIB, sparseBytes: 189471n * MIB },
    ],
  }),
]);
