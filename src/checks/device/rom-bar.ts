import { formatBytes } from '../../vfio/bytes.ts';
import { about, type DeviceCheck } from './facts.ts';

export const romBar: DeviceCheck = {
  id: 'rom.bar',
  severity: 'info',
  title: 'The device has no option ROM that a guest’s firmware could run',
  looksAt: 'seventh line of resource',
  reference: 'nanovms/ops#1531: a stall in the option ROM',
  observe(facts) {
    const { romBytes } = facts.gpu.pci;
    if (romBytes === null) return { notKnown: 'resource does not show the option ROM' };
    if (romBytes === 0n) return [];
    return about(
      facts,
      `it has an option ROM of ${formatBytes(romBytes)}; guests of ghpass start without it (rombar=0)`,
    );
  },
};
