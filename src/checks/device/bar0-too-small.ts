import { compareVersions } from '../../host/kernel/kernel.ts';
import { formatAddress } from '../../vfio/bytes.ts';
import { about, type DeviceCheck } from './facts.ts';

/** One register behind the last readiness register at 0x200bc (nvgrace-gpu/main.c, HBM_TRAINING_BAR0_OFFSET). */
const NEEDED_BYTES = 0x200c0n;

export const bar0TooSmall: DeviceCheck = {
  id: 'bar0.too-small',
  severity: 'fail',
  title: 'BAR0 holds the readiness registers',
  looksAt: 'first line of resource, and the release of the kernel',
  reference: 'drivers/vfio/pci/nvgrace-gpu/main.c, nvgrace_gpu_wait_device_ready (Linux 6.14)',
  observe(facts) {
    const bytes = facts.gpu.pci.bars[0]?.lengthBytes ?? null;
    const { version } = facts.host.kernel;
    if (bytes === null) return { notKnown: 'sysfs shows no BARs of the device' };
    if (version === null) return { notKnown: 'the release of the kernel is not known' };
    if (bytes >= NEEDED_BYTES || compareVersions(version, [6, 14]) < 0) return [];
    return about(
      facts,
      `BAR0 is ${formatAddress(bytes)} bytes, the driver reads up to ${formatAddress(NEEDED_BYTES)}: binding it would crash the kernel`,
      'do not bind this device; it is no Grace GPU, or its BAR0 was not assigned',
    );
  },
};
