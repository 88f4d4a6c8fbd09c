import { shellWord } from '../../host/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainGpuPresent: DomainCheck = {
  id: 'domain.gpu-present',
  severity: 'fail',
  title: 'No GPU of the plan is in the domain already, put there by others',
  looksAt: 'devices/hostdev/source/address',
  reference: 'one function of the host can be passed through once',
  observe({ domain, plan }) {
    const present = plan.gpus.filter(({ address }) => domain.hostdevs.includes(address));
    return present.map(({ address }) => ({
      subject: domain.name,
      message: `${address} is passed through by a hostdev that is not ghpass’s, and without the nodes that it needs`,
      remedy: [`virsh edit ${shellWord(domain.name)}   # take out the <hostdev> of ${address}`],
    }));
  },
};
