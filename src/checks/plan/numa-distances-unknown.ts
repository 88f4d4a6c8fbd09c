import type { PlanCheck } from './facts.ts';

export const distancesUnknown: PlanCheck = {
  id: 'numa.distances-unknown',
  severity: 'info',
  title: 'The guest’s distances come from the host’s SLIT',
  looksAt: 'SRAT in /sys/firmware/acpi/tables, and distance of each node',
  reference: 'drivers/acpi/numa/srat.c',
  observe({ plan }) {
    if (plan.distances !== null) return [];
    const message =
      "the host's SRAT does not show the generic initiators of the GPUs, so the guest gets Linux's default distances 10 and 20";
    return [{ subject: plan.name, message }];
  },
};
