import { shellWord } from '../../host/programs/shell-word.ts';
import type { DomainCheck } from './facts.ts';

export const domainArguments: DomainCheck = {
  id: 'domain.qemu-arguments',
  severity: 'fail',
  title: 'Nobody else gives QEMU nodes, initiators or a window past libvirt',
  looksAt: 'qemu:commandline',
  reference: 'QEMU takes each of them from one place only',
  observe({ domain }) {
    return domain.qemuArguments.map((argument) => ({
      subject: domain.name,
      message: `qemu:commandline has ${argument}, which ghpass has to write itself`,
      remedy: [`virsh edit ${shellWord(domain.name)}   # take out that pair of <qemu:arg>`],
    }));
  },
};
