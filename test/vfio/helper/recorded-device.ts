import type { Scenario } from './fake-kernel.ts';

/**
 * A device as nvgrace_gpu_vfio_pci of Linux 6.12.107 and 7.3.4 shows it for 2.5 GiB (0xA0000000) of coherent memory: the
 * numbers were read from the driver, the device was emulated.
 */
export const ADDRESS = '0009:01:00.0';

const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;

/** flags RESET|PCI, 9 regions, 5 interrupts. */
export const DEVICE_INFO = '18000000' + '03000000' + '09000000' + '05000000' + '00000000' + '00000000';

/** struct vfio_region_info, little endian. */
export function regionInfo(index: number, flags: number, sizeBytes: bigint, capabilities = ''): string {
  const info = Buffer.alloc(32);
  info.writeUInt32LE(32 + capabilities.length / 2, 0);
  info.writeUInt32LE(flags, 4);
  info.writeUInt32LE(index, 8);
  info.writeUInt32LE(capabilities === '' ? 0 : 32, 12);
  info.writeBigUInt64LE(sizeBytes, 16);
  info.writeBigUInt64LE(BigInt(index) << 40n, 24);
  return info.toString('hex') + capabilities;
}

/** 1 GiB reserved: argsz 64, flags 0xf, index 2, capability at 32, size, offset 2 << 40, sparse-mmap v1, one area [0, 1 GiB]. */
export const REGION_2 =
  '400000000f0000000200000020000000' +
  '00000040000000000000000000020000' +
  '01000100000000000100000000000000' +
  '00000000000000000000004000000000';

/** 1.5 GiB usable in a 2 GiB BAR. */
export const REGION_4 =
  '400000000f0000000400000020000000' +
  '00000080000000000000000000040000' +
  '01000100000000000100000000000000' +
  '00000000000000000000006000000000';

/** Region index → the kernel's answer. The ROM, 6, has none: it must not be asked for. */
const REGIONS: Readonly<Record<number, string>> = {
  0: `bytes ${regionInfo(0, 0x7, 0x100_0000n)}`,
  1: `bytes ${regionInfo(1, 0, 0n)}`,
  2: `bytes ${REGION_2}`,
  3: `bytes ${regionInfo(3, 0, 0n)}`,
  4: `bytes ${REGION_4}`,
  5: `bytes ${regionInfo(5, 0, 0n)}`,
  7: `bytes ${regionInfo(7, 0x3, 0x1000n)}`,
  8: 'errno 22',
};

/** What the helper prints for these regions, where nothing fails. */
export const REGIONS_PRINTED = [
  { index: 0, info: regionInfo(0, 0x7, 0x100_0000n) },
  { index: 1, info: regionInfo(1, 0, 0n) },
  { index: 2, info: REGION_2 },
  { index: 3, info: regionInfo(3, 0, 0n) },
  { index: 4, info: REGION_4 },
  { index: 5, info: regionInfo(5, 0, 0n) },
  { index: 6, skipped: true },
  { index: 7, info: regionInfo(7, 0x3, 0x1000n) },
  { index: 8, errno: 22 },
];

function deviceAnswers(descriptor: string): Scenario {
  const regions = Object.entries(REGIONS).map(([index, answer]) => [`ioctl ${descriptor} 3b6c ${index}`, answer]);
  return { [`ioctl ${descriptor} 3b6b`]: `bytes ${DEVICE_INFO}`, ...Object.fromEntries(regions) };
}

/** A host with iommufd, the device node vfio3, and the group nodes beside them. */
export const CDEV_HOST: Scenario = {
  [`exists ${DEVICE}`]: 'ok',
  [`opendir ${DEVICE}/vfio-dev`]: 'names . .. vfio3',
  'exists /dev/iommu': 'ok',
  'exists /dev/vfio/devices/vfio3': 'ok',
  'open /dev/iommu': 'ok',
  'open /dev/vfio/devices/vfio3': 'ok',
  'ioctl /dev/vfio/devices/vfio3 3b76 argsz=16 flags=0 /dev/iommu': 'ok',
  ...deviceAnswers('/dev/vfio/devices/vfio3'),
};

/** A host with group 12 and no iommufd, as Debian's kernels are. */
export const GROUP_HOST: Scenario = {
  [`exists ${DEVICE}`]: 'ok',
  [`readlink ${DEVICE}/iommu_group`]: 'target ../../../../kernel/iommu_groups/12',
  'open /dev/vfio/vfio': 'ok',
  'ioctl /dev/vfio/vfio 3b64 0': 'return 0',
  'ioctl /dev/vfio/vfio 3b65 3': 'return 1',
  'open /dev/vfio/12': 'ok',
  'ioctl /dev/vfio/12 3b67': 'raw 0800000001000000',
  'ioctl /dev/vfio/12 3b68 /dev/vfio/vfio': 'ok',
  'ioctl /dev/vfio/vfio 3b66 3': 'ok',
  [`ioctl /dev/vfio/12 3b6a ${ADDRESS}`]: 'opens device',
  ...deviceAnswers('device'),
};

/** An arm64 host whose KVM maps device memory cacheable. */
export const KVM_HOST: Scenario = {
  'open /dev/kvm': 'ok',
  'ioctl /dev/kvm ae00 0': 'return 12',
  'ioctl /dev/kvm ae03 165': 'return 48',
  'ioctl /dev/kvm ae01 0': 'opens vm',
  'ioctl vm ae03 243': 'return 1',
};
