import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

/** The daemon of the system raises the limit of a guest that has a host device by itself; that of a session may not. */
export const memMemlock: PlanCheck = {
  id: 'mem.memlock',
  severity: 'fail',
  title: 'A guest may lock all of its memory',
  looksAt: 'Max locked memory in /proc/self/limits, and CapEff in /proc/self/status',
  reference: 'drivers/vfio/vfio_iommu_type1.c, vfio_pin_pages_remote: ENOMEM',
  observe({ plan, libvirt, settings: { lockLimit } }) {
    if (libvirt !== null && !libvirt.uri.endsWith('/session')) return [];
    if (lockLimit === null) return { notKnown: '/proc/self/limits does not say' };
    const { bytes, exempt } = lockLimit;
    if (exempt || bytes === null || bytes >= plan.memoryBytes) return [];
    const message = `the guest wants ${formatBytes(plan.memoryBytes)}, all of it pinned; a process without CAP_IPC_LOCK may lock ${formatBytes(bytes)} here, and VFIO ends with ENOMEM (12)`;
    const remedy = [
      `sudo prlimit --pid $$ --memlock=${plan.memoryBytes}   # for this shell`,
      `echo "$USER - memlock ${plan.memoryBytes / 1024n}" | sudo tee /etc/security/limits.d/ghpass.conf   # after the next login`,
      'or run ghpass as root',
    ];
    return [{ subject: plan.name, message, remedy }];
  },
};
