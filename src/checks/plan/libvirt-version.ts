import type { PlanCheck } from './facts.ts';

export const libvirtVersion: PlanCheck = {
  id: 'libvirt.version',
  severity: 'info',
  title: 'The libvirt that is to run the guest is known',
  looksAt: 'virsh version --daemon, where libvirt is to run the guest',
  reference: 'what libvirt does not know, it drops: a domain is written for one libvirt',
  observe({ libvirt, libvirtAssumedBecause, plan }) {
    if (libvirt === null || libvirtAssumedBecause === null) return [];
    const message = `${libvirtAssumedBecause}: libvirt ${libvirt.version.join('.')} is assumed`;
    return [{ subject: plan.name, message, remedy: ['--profile fallback   # what every libvirt keeps'] }];
  },
};
