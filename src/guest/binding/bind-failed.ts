import { GhpassError } from '../../errors.ts';
import { readBytesIfReadable, readLinkName, readTextIfReadable } from '../../host/files.ts';
import { localFiles } from '../../host/local-files.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { FailedStep } from '../../vfio/protocol.ts';
import type { Asked } from './ask-driver.ts';

/** An errno of the driver's probe, and what is known of it without looking at the device. */
interface BindError {
  errno: string;
  code: string;
  meaning: string;
}

/** What binding can fail with (drivers/vfio/pci/nvgrace-gpu/main.c, vfio_pci_core.c, drivers/base/bus.c). */
export const BIND_ERRORS: readonly BindError[] = [
  { errno: 'ETIME', code: 'c2c.not-ready', meaning: 'the C2C link or the memory training was not ready' },
  {
    errno: 'EINVAL',
    code: 'driver.bind-einval',
    meaning: 'the memory leaves no usable part of 512 MiB, or the device has no IOMMU group',
  },
  {
    errno: 'EOVERFLOW',
    code: 'driver.bind-eoverflow',
    meaning: 'firmware announces less memory than the 1 GiB that the driver reserves',
  },
  {
    errno: 'EBUSY',
    code: 'driver.bind-ebusy',
    meaning: 'BAR0 is held, virtual functions are enabled, or the device is already bound',
  },
  { errno: 'ENODEV', code: 'driver.bind-enodev', meaning: 'the driver does not take the device' },
];

/** Why a driver did not take a device: the errno of its probe, and what the device shows of the cause. */
export function bindFailed(address: string, { error, elapsedMs }: Asked & { error: FailedStep }): GhpassError {
  const name = errnoName(error.errno);
  const what = `${address}: writing to ${error.path} failed with ${name} (${error.errno})`;
  const known = BIND_ERRORS.find(({ errno }) => errno === name);
  const { code, meaning } = known ?? { code: 'driver.bind-failed', meaning: 'see the kernel log' };
  const dmesg = `dmesg | grep -e ${address} -e nvgrace`;
  if (name === 'ETIME') {
    return new GhpassError('check', {
      code,
      message: `${what} after ${Math.round(elapsedMs / 1000)} s: ${meaning}`,
      suggestions: [
        `ghpass bind ${address}   # once more: the link may train late`,
        `echo 1 > /sys/bus/pci/devices/${address}/reset`,
        'power-cycle the host, if neither helps',
        dmesg,
      ],
    });
  }
  return new GhpassError(name === 'EACCES' || name === 'EPERM' ? 'permission' : 'check', {
    code,
    message: `${what}: ${causeSeen(address, name) ?? meaning}`,
    suggestions: [`ghpass probe ${address}`, dmesg],
  });
}

/** The one cause of several that the device itself shows; null where it shows none. */
function causeSeen(address: string, errno: string): string | null {
  const attribute = (name: string) => `/sys/bus/pci/devices/${address}/${name}`;
  if (errno === 'EBUSY') {
    const driver = readLinkName(localFiles, attribute('driver'));
    if (driver !== null) return `${driver} was bound to it meanwhile`;
    const enabled = Number(readTextIfReadable(localFiles, attribute('sriov_numvfs')) ?? 0);
    return enabled > 0 ? `it has ${enabled} virtual functions enabled` : null;
  }
  if (errno !== 'ENODEV') return null;
  const [low, high] = readBytesIfReadable(localFiles, attribute('config')) ?? [];
  return low === 0xff && high === 0xff ? 'its configuration space reads all ones: the device does not answer' : null;
}
