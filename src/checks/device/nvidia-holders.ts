import { holderRemedy, holderText } from '../../host/holders.ts';
import { about, type DeviceCheck } from './facts.ts';

export const nvidiaHolders: DeviceCheck = {
  id: 'nvidia.holders',
  severity: 'fail',
  title: 'Nobody on the host uses the GPU',
  reference: 'OpenNebula/one-deploy#251: unbinding a GPU that is in use can hang for ever',
  observe(facts) {
    const holders = facts.gpu.use?.holders ?? [];
    if (holders.length === 0) return [];
    return about(facts, `in use: ${holders.map(holderText).join('; ')}`, ...holderRemedy(holders));
  },
};
