import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainCpu: DomainCheck = {
  id: 'domain.cpu-mode',
  severity: 'fail',
  title: 'The vCPUs are those of the host',
  looksAt: 'cpu/@mode',
  reference: 'libvirt has no other mode for KVM on arm64 that shows the guest what its driver looks for',
  observe({ domain }) {
    const { cpuMode, type } = domain;
    if (type !== 'kvm' || cpuMode === null || cpuMode === 'host-passthrough') return [];
    return [
      {
        subject: domain.name,
        message: `cpu/@mode is ${cpuMode}; with KVM the guest of a Grace GPU needs host-passthrough`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # <cpu mode='host-passthrough'>`],
      },
    ];
  },
};
