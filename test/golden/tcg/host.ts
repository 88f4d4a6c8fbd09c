import { graceHost, hopper, TOOLS } from '../../fixtures/grace-host.ts';

/** A GH200 on a host without KVM. Linux 6.17, QEMU 11.1.3, AAVMF 2026.08. */
export const HOST = graceHost([hopper()], {
  tools: {
    ...TOOLS,
    kvm: {
      usable: false,
      reason: '/dev/kvm: kvm-open failed with errno 2',
      ipaSizeBits: null,
      cacheablePfnmap: null,
    },
  },
});
