import type { Finding } from '../../checks/check.ts';
import type { Comparison } from './verify.ts';

/** What to do about a difference, by its finding. */
const REMEDIES: Readonly<Record<string, readonly string[]>> = {
  'kernel.nodes-shift': ['boot the guest with a kernel that has CONFIG_NODES_SHIFT=6', 'give the guest fewer GPUs'],
  'guest.node-memory': ['give the guest the NUMA cells of the plan, and start it anew'],
  'guest.node-cpus': ['give the guest the NUMA cells of the plan, and start it anew'],
  'guest.gi-missing': ['boot the guest with UEFI, ACPI and a kernel that holds all nodes', 'use QEMU 9.2 or newer'],
  'guest.bar4': ['give the guest a larger MMIO window: the BAR did not find room'],
  'mmio.window': ['give the guest a larger MMIO window: the BAR did not find room'],
};

/** The lines of a comparison in which the guest is not as planned, as findings. */
export function differenceFindings(comparisons: readonly Comparison[], guest: string): Finding[] {
  return comparisons
    .filter(({ equal }) => !equal)
    .map(({ id, gpu, what, planned, seen }) => ({
      id,
      severity: 'fail',
      subject: gpu ?? guest,
      message: `in the guest, ${what}: ${seen}; planned: ${planned}`,
      remedy: REMEDIES[id] ?? [],
      reference: 'drivers/acpi/numa/srat.c; the plan',
    }));
}
