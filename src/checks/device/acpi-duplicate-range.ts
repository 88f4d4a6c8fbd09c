import { formatAddress } from '../../vfio/bytes.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import { about, acpiNotKnown, type DeviceCheck } from './facts.ts';

export const acpiDuplicateRange: DeviceCheck = {
  id: 'acpi.duplicate-range',
  severity: 'fail',
  title: 'No two GPUs share coherent memory',
  looksAt: 'nvidia,gpu-mem-base-pa and nvidia,gpu-mem-size of all GPUs',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c: the second open is EBUSY since Linux 6.19',
  observe(facts) {
    const mine = range(facts.gpu);
    if (!mine) return acpiNotKnown(facts.gpu) ?? { notKnown: 'firmware does not say where the memory is' };
    return facts.gpus.flatMap((other) => {
      const theirs = other === facts.gpu ? null : range(other);
      if (!theirs || theirs.base >= mine.end || mine.base >= theirs.end) return [];
      return about(
        facts,
        `its memory ${format(mine)} overlaps ${format(theirs)} of ${other.pci.address}`,
        'update the firmware: it announces the same memory twice',
      );
    });
  },
};

interface Range {
  base: bigint;
  end: bigint;
}

function range({ acpi }: GpuFacts): Range | null {
  if (!acpi.known || acpi.base === null || !acpi.sizeBytes) return null;
  return { base: acpi.base, end: acpi.base + acpi.sizeBytes };
}

const format = ({ base, end }: Range) => `${formatAddress(base)}-${formatAddress(end - 1n)}`;
