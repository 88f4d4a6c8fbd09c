import { GIB, graceHost, hopper, MIB } from '../../fixtures/grace-host.ts';

/**
 * Firmware without the properties, as where the C2C link did not come up: the driver is bound and exports the physical BARs.
 * Linux 6.17, QEMU 11.1.3, AAVMF 2026.08.
 */
export const HOST = graceHost([
  hopper({
    regions: [
      { index: 0, sizeBytes: 16n * MIB, sparseBytes: null },
      { index: 2, sizeBytes: 128n * GIB, sparseBytes: null },
      { index: 4, sizeBytes: 32n * MIB, sparseBytes: null },
    ],
  }),
]);

/** A DSDT with nothing but its header. */
export const CHANGES = { files: { '/sys/firmware/acpi/tables/DSDT': new Uint8Array(36) } };
