import type { PlanCheck } from './facts.ts';

export const kvmUnusable: PlanCheck = {
  id: 'kvm.unusable',
  severity: 'warn',
  title: 'KVM runs a guest',
  looksAt: 'a KVM guest of four instructions',
  reference: 'tried with a guest of four instructions',
  observe({ tools: { kvm }, plan }) {
    if (plan.accelerator === 'kvm') {
      if (kvm.usable) return [];
      return [{ subject: plan.name, severity: 'fail', message: `KVM does not run a guest: ${kvm.reason}` }];
    }
    const why = kvm.usable ? 'was asked for' : `is used, because KVM does not run a guest: ${kvm.reason}`;
    return [{ subject: plan.name, message: `TCG ${why}; the guest is emulated and slow` }];
  },
};
