import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

/** The daemon of the system raises the limit of a guest that has a host device by itself; that of a session may not. */
export const memMemlock: PlanCheck = {
  id: 'mem.memlock',
  severity: 'fail',
  title: 'A guest may lock all of its memory',
  looksAt: 'Max locked memory in /proc/self/limits, CapEff in /proc/self/status, and the unit in /proc/self/cgroup',
  reference: 'drivers/vfio/vfio_iommu_type1.c, vfio_pin_pages_remote: ENOMEM',
  observe({ plan, libvirt, settings: { lockLimit } }) {
    if (libvirt !== null && !libvirt.uri.endsWith('/session')) return [];
    if (lockLimit === null) return { notKnown: '/proc/self/limits does not say' };
    const { bytes, exempt, unit } = lockLimit;
    if (exempt || bytes === null || bytes >= plan.memoryBytes) return [];
    const message = `the guest wants ${formatBytes(plan.memoryBytes)}, all of it pinned; a process without CAP_IPC_LOCK may lock ${formatBytes(bytes)} here, and VFIO ends with ENOMEM (12)`;
    if (unit !== null)
      return [
        {
          subject: plan.name,
          message: `${message}; that is LimitMEMLOCK of ${unit}`,
          remedy: ofUnit(unit, plan.memoryBytes),
        },
      ];
    const remedy = [
      `sudo prlimit --pid $$ --memlock=${plan.memoryBytes}   # for this shell`,
      `echo "$USER - memlock ${plan.memoryBytes / 1024n}" | sudo tee /etc/security/limits.d/ghpass.conf   # after the next login`,
      'or run ghpass as root',
    ];
    return [{ subject: plan.name, message, remedy }];
  },
};

/** Units get what their files say, whatever limits.conf has. */
function ofUnit(unit: string, bytes: bigint): string[] {
  const directory = `/etc/systemd/system/${unit}.d`;
  return [
    `sudo mkdir -p ${directory} && printf '[Service]\\nLimitMEMLOCK=${bytes}\\n' | sudo tee ${directory}/memlock.conf`,
    `sudo systemctl daemon-reload && sudo systemctl restart ${unit}`,
  ];
}
