import { formatBytes } from '../../vfio/bytes.ts';
import { coherentMemoryBytes } from '../../vfio/gpu.ts';
import { about, type DeviceCheck, memoryNotKnown } from './facts.ts';

export const driverBindEoverflow: DeviceCheck = {
  id: 'driver.bind-eoverflow',
  severity: 'fail',
  title: 'The memory is large enough for the driver to carve its reserved part out of it (EOVERFLOW)',
  looksAt: 'nvidia,gpu-mem-base-pa, nvidia,gpu-mem-size, NVIDIA’s DVSEC in config, and the driver’s arithmetic',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct',
  observe(facts) {
    const { bindError } = facts.gpu.memory;
    if (bindError?.errno !== 'EOVERFLOW') return memoryNotKnown(facts.gpu) ?? [];
    const bytes = formatBytes(coherentMemoryBytes(facts.gpu) ?? 0n);
    return about(
      facts,
      `the driver will refuse the device with EOVERFLOW (75): firmware announces ${bytes}, ${bindError.why}`,
      'update the firmware: it announces the wrong size of the coherent memory',
    );
  },
};
