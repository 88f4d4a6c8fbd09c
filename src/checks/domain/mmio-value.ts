import { shellWord } from '../../host/programs/shell-word.ts';
import { formatBytes, nextPowerOfTwo } from '../../vfio/bytes.ts';
import type { DomainCheck } from './facts.ts';

export const mmioValue: DomainCheck = {
  id: 'mmio.value',
  severity: 'fail',
  title: 'A window of the domain that is large enough for the GPUs, and so stays, is one that QEMU takes',
  looksAt: 'pcihole64 of the root complex',
  reference: 'QEMU, hw/arm/virt.c, virt_set_highmem_mmio_size: a power of two; libvirt does not look',
  observe({ domain, plan }) {
    const { windowBytes } = domain;
    const needed = plan.machine.windowBytes;
    if (windowBytes === null || needed === null || windowBytes < needed) return [];
    if (windowBytes === nextPowerOfTwo(windowBytes)) return [];
    return [
      {
        subject: domain.name,
        message: `pcihole64 is ${formatBytes(windowBytes)}, more than the ${formatBytes(needed)} that the GPUs need, and no power of two: QEMU would not start`,
        remedy: [`virsh edit ${shellWord(domain.name)}   # take out <pcihole64>`],
      },
    ];
  },
};
