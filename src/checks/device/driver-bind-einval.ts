import { formatBytes } from '../../vfio/bytes.ts';
import { coherentMemoryBytes } from '../../vfio/gpu.ts';
import { about, type DeviceCheck, memoryNotKnown } from './facts.ts';

export const driverBindEinval: DeviceCheck = {
  id: 'driver.bind-einval',
  severity: 'fail',
  title: 'The memory leaves a usable part of at least 512 MiB (EINVAL)',
  looksAt: 'nvidia,gpu-mem-size, NVIDIA’s DVSEC in config, and the driver’s arithmetic',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_init_nvdev_struct',
  observe(facts) {
    const { bindError } = facts.gpu.memory;
    if (bindError?.errno !== 'EINVAL') return memoryNotKnown(facts.gpu) ?? [];
    const bytes = formatBytes(coherentMemoryBytes(facts.gpu) ?? 0n);
    return about(
      facts,
      `the driver will refuse the device with EINVAL (22): firmware announces ${bytes}, ${bindError.why}`,
      'update the firmware: it announces the wrong size of the coherent memory',
    );
  },
};
