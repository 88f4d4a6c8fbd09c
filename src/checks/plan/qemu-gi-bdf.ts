import { compareVersions } from '../../host/kernel/kernel.ts';
import type { PlanCheck } from './facts.ts';

export const qemuGiBdf: PlanCheck = {
  id: 'qemu.gi-bdf',
  severity: 'warn',
  title: 'QEMU writes the PCI handle of a generic initiator in the right order',
  looksAt: 'version of qemu-system-aarch64',
  reference: 'QEMU 16c687d84574 (9.2)',
  observe({ tools: { qemu }, plan }) {
    if (qemu === null) return { notKnown: 'no QEMU to ask' };
    if (!qemu.genericInitiator || compareVersions(qemu.version, [9, 2]) >= 0) return [];
    return [
      {
        subject: plan.name,
        message: `QEMU ${qemu.version.join('.')} swaps bus and device in the handle; the guest's driver copes by a workaround that is due to go`,
        remedy: ['use QEMU 9.2 or newer, with NVIDIA driver 570.124.04 or newer in the guest'],
      },
    ];
  },
};
