import { DEFAULT_WINDOW_BYTES, neededMmioWindow } from '../../plan/mmio-window.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

export const mmioWindow: PlanCheck = {
  id: 'mmio.window',
  severity: 'fail',
  title: 'The MMIO window holds the BARs of all GPUs',
  looksAt: 'highmem-mmio-size of QEMU’s virt machine, and the BARs of all GPUs',
  reference: 'QEMU f10104aeae3a (10.0): highmem-mmio-size',
  observe({ tools: { qemu }, plan }) {
    if (qemu === null) return { notKnown: 'no QEMU to ask' };
    if (plan.machine.windowBytes !== null) return [];
    const needed = neededMmioWindow(plan.gpus.map(({ bars }) => bars.map(({ sizeBytes }) => sizeBytes)));
    if (needed <= DEFAULT_WINDOW_BYTES) return [];
    return [
      {
        subject: plan.name,
        message: `QEMU ${qemu.version.join('.')} cannot change its window of ${formatBytes(DEFAULT_WINDOW_BYTES)}; the GPUs need ${formatBytes(needed)}`,
        remedy: ['use QEMU 10.0 or newer'],
      },
    ];
  },
};
