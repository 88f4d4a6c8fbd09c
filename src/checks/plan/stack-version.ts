import type { PlanCheck } from './facts.ts';

const INSTALL = [
  'apt-get install qemu-system-arm   # Debian 13 or newer; Debian 12: from bookworm-backports',
  'dnf install qemu-system-aarch64',
];

export const stackVersion: PlanCheck = {
  id: 'stack.version',
  severity: 'fail',
  title: 'QEMU can build the guest',
  looksAt: 'qemu-system-aarch64 on PATH, and whether it has acpi-generic-initiator',
  reference: 'QEMU b64b7ed8bb5d (9.0) and f10104aeae3a (10.0)',
  observe({ tools, toolsAssumed, plan, host }) {
    const { qemu } = tools;
    const subject = plan.name;
    if (toolsAssumed && qemu) {
      const message = `${host.source.name} does not tell about its tools: QEMU ${qemu.version.join('.')} is assumed`;
      return [{ subject, severity: 'info', message }];
    }
    if (qemu === null) return [{ subject, message: 'qemu-system-aarch64 is not on PATH', remedy: INSTALL }];
    if (qemu.genericInitiator) return [];
    const message = `QEMU ${qemu.version.join('.')} has no acpi-generic-initiator: the guest would have no node for the coherent memory; 9.2 is the least that ghpass is meant for`;
    return [{ subject, message, remedy: INSTALL }];
  },
};
