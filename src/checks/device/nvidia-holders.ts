import { holderRemedy, holderText } from '../../host/kernel/holders.ts';
import { about, type DeviceCheck } from './facts.ts';

export const nvidiaHolders: DeviceCheck = {
  id: 'nvidia.holders',
  severity: 'fail',
  title: 'Nobody on the host uses the GPU',
  looksAt: '/proc/PID/fd of all processes, for /dev/nvidia*, /dev/dri/* and /dev/vfio/*',
  reference: 'OpenNebula/one-deploy#251: unbinding a GPU that is in use can hang for ever',
  observe(facts) {
    const { use } = facts.gpu;
    if (use === null) return [];
    const { holders, unreadable } = use;
    if (holders.length === 0) {
      return unreadable > 0 ? { notKnown: `the open files of ${unreadable} processes may only be read by root` } : [];
    }
    return about(facts, `in use: ${holders.map(holderText).join('; ')}`, ...holderRemedy(holders));
  },
};
