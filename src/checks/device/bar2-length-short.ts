import { type Bar2, bar2Lengths, breaks } from '../../vfio/bar2.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import type { GpuFacts } from '../../vfio/gpu.ts';
import { acpiNotKnown, type DeviceCheck } from './facts.ts';

/**
 * The review of the driver's 12th version asked for a probe that fails where the physical BAR2 is shorter than the memory.
 * No released kernel does that, so it is checked here. Where the special regions have BAR registers of their own the memory
 * is not reached through the physical BAR, which makes it a warning.
 */
export const bar2LengthShort: DeviceCheck = {
  id: 'bar2.length-short',
  severity: 'warn',
  title: 'The physical BAR2 is as long as the coherent memory',
  looksAt: 'third line of resource, and the length of the coherent memory',
  reference: 'vfio/nvgrace-gpu v12 review, October 2023',
  observe({ gpu }) {
    const bar2 = bar2Lengths(gpu);
    if (gpu.pci.bars.length === 0) return { notKnown: 'sysfs shows no BARs of the device' };
    if (bar2.memoryBytes === null) {
      return acpiNotKnown(gpu) ?? { notKnown: 'nobody says how long the coherent memory is' };
    }
    if (!breaks(gpu, 'length >= memory')) return [];
    const short = formatBytes(bar2.memoryBytes - bar2.physicalBytes);
    return [
      {
        subject: gpu.pci.address,
        severity: gpu.memory.layout === 'aperture' ? 'fail' : 'warn',
        message: `the physical BAR2 is ${formatBytes(bar2.physicalBytes)}, ${short} shorter than the ${formatBytes(bar2.memoryBytes)} of coherent memory; ${meaning(gpu)}${regionText(gpu, bar2)}`,
        remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
      },
    ];
  },
};

function meaning({ memory }: GpuFacts): string {
  if (memory.layout === 'aperture') return 'a guest reaches the memory through it: ';
  return memory.usable ? `a guest reaches the memory through region ${memory.usable.region}: ` : '';
}

function regionText({ notOpened }: GpuFacts, { regionBytes, mappedBytes }: Bar2): string {
  if (regionBytes !== null && mappedBytes !== null) {
    return `VFIO region 2 is ${formatBytes(regionBytes)}, of which ${formatBytes(mappedBytes)} can be mapped`;
  }
  const why = notOpened ? 'the device was not opened' : 'the answer cannot be decoded';
  return `VFIO region 2 is not known, because ${why}`;
}
