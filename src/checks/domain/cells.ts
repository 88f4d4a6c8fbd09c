import { shellWord } from '../../host/programs/shell-word.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { DomainCheck } from './facts.ts';

export const domainCells: DomainCheck = {
  id: 'domain.cells',
  severity: 'fail',
  title: 'Cells of the domain have memory and are numbered from 0',
  looksAt: 'cpu/numa/cell',
  reference: 'QEMU refuses gaps between node ids, and a node without memory belongs to a device',
  observe({ domain }) {
    const wrong = domain.cells.filter(({ id, memoryBytes }, i) => id !== i || memoryBytes === 0n);
    if (wrong.length === 0) return [];
    return [
      {
        subject: domain.name,
        message: `${wrong.map(({ id, memoryBytes }) => `cell ${id} has ${formatBytes(memoryBytes)}`).join(', ')}; nodes of GPUs come behind cells 0 to n that all have memory`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # number the cells from 0, and take out those without memory`],
      },
    ];
  },
};
