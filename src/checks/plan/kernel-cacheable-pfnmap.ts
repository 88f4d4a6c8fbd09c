import type { PlanCheck } from './facts.ts';

/**
 * A warning, not a failure: the guest starts and shows its nodes all the same, and a vendor's kernel may map the memory
 * cacheable without saying so.
 */
export const kernelCacheablePfnmap: PlanCheck = {
  id: 'kernel.cacheable-pfnmap',
  severity: 'warn',
  title: 'KVM maps the coherent memory cacheable into the guest',
  looksAt: 'KVM_CHECK_EXTENSION 243 on the file descriptor of a VM',
  reference: 'Linux 0c67288e0c8b and f55ce5a6cd33 (6.17)',
  observe({ tools: { kvm }, plan, host }) {
    if (!kvm.usable || kvm.cacheablePfnmap === null) return { notKnown: kvm.reason ?? 'KVM was not asked' };
    if (plan.accelerator !== 'kvm' || kvm.cacheablePfnmap) return [];
    return [
      {
        subject: plan.name,
        message: `KVM of ${host.kernel.release} does not announce cacheable mappings of device memory: the guest cannot use the GPU's memory as RAM`,
        remedy: ['boot Linux 6.17 or newer, or a vendor kernel that has it, on a CPU with FWB and DIC'],
      },
    ];
  },
};
