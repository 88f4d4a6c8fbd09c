import { graceHost, hopper } from '../../fixtures/grace-host.ts';

/** A host that shows no NUMA nodes, whose GPU is not opened: sizes are predicted. Linux 6.17, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost([hopper({ numaNode: -1 })], { nodes: [] });

/** Without nodes the firmware has no SRAT. */
export const CHANGES = { files: { '/sys/firmware/acpi/tables/SRAT': null } };
