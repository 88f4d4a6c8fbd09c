import { formatNumberList } from '../../host/numa/number-list.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainGpuPresent: DomainCheck = {
  id: 'domain.gpu-present',
  severity: 'fail',
  title: 'No GPU of the plan is in the domain already, put there by others',
  looksAt: 'devices/hostdev/source/address, and qemu:commandline',
  reference: 'one function of the host can be passed through once',
  observe({ domain, plan }) {
    return plan.gpus.flatMap(({ address, nodes }) => {
      const present = domain.hostdevs.filter((hostdev) => hostdev.address === address);
      return present.map(({ by }) => ({
        subject: domain.name,
        message: `${address} is passed through already by ${by}, without nodes of ghpass; the plan has it on a root port of its own, with nodes ${formatNumberList(nodes)}`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # take out ${by}`],
      }));
    });
  },
};
