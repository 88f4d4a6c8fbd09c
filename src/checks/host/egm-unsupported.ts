import { aboutHost, type HostCheck } from './facts.ts';

export const egmUnsupported: HostCheck = {
  id: 'egm.unsupported',
  severity: 'info',
  title: 'The host has no extended GPU memory that guests would have to do without',
  looksAt: '/sys/class/egm',
  reference: 'nvgrace-egm, RFC v2 of February 2026: in no released Linux or QEMU; NVIDIA/NV-Kernels#167',
  observe({ settings: { egmDevices } }) {
    if (egmDevices === null) return { notKnown: 'there is no /sys/class' };
    if (egmDevices.length === 0) return [];
    const list = egmDevices.map((name) => `/dev/${name}`).join(', ');
    return aboutHost(`the host has extended GPU memory (${list}); QEMU has no object for it, so guests do without`);
  },
};
