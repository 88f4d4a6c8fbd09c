import { formatBytes } from '../../vfio/bytes.ts';
import { coherentMemoryBytes, physicalBar2Bytes } from '../../vfio/gpu.ts';
import type { DeviceCheck } from './facts.ts';

/**
 * The review of the driver's 12th version asked for a probe that fails where the physical BAR2 is shorter than the memory.
 * No released kernel does that, so it is checked here. Where the special regions have BAR registers of their own the memory
 * is not reached through the physical BAR, which makes it a warning.
 */
export const bar2LengthShort: DeviceCheck = {
  id: 'bar2.length-short',
  severity: 'warn',
  title: 'The physical BAR2 is as long as the coherent memory',
  reference: 'vfio/nvgrace-gpu v12 review, October 2023',
  observe({ gpu }) {
    const memoryBytes = coherentMemoryBytes(gpu);
    const bar2Bytes = physicalBar2Bytes(gpu);
    if (memoryBytes === null || bar2Bytes >= memoryBytes) return [];
    const isReachedThroughBar2 = gpu.memory.layout === 'aperture';
    return [
      {
        subject: gpu.pci.address,
        severity: isReachedThroughBar2 ? 'fail' : 'warn',
        message: `the physical BAR2 is ${formatBytes(bar2Bytes)}, the coherent memory ${formatBytes(memoryBytes)}`,
        remedy: ['enable resizable BARs or "above 4G decoding" in the firmware', 'update the firmware of the GPU'],
      },
    ];
  },
};
