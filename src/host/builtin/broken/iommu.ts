import { helperRefusal } from '../vfio-writer.ts';
import { ADDRESS, type BrokenHosts, DEVICE, gh200 } from './broken-host.ts';

const NEIGHBOUR = '/sys/bus/pci/devices/0009:02:00.0';
const ANSWER = `/ghpass/vfio/${ADDRESS}.json`;
const EPERM = 1;
const EINVAL = 22;

/** The IOMMU or its groups do not let VFIO have the device. */
export const BROKEN_IOMMUS: BrokenHosts = {
  'no-iommu': () => ({
    what: 'no IOMMU translates for the GPU',
    finding: 'iommu.group-missing',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        [ANSWER]: helperRefusal(ADDRESS, 'group', { step: 'group-find', errno: 2, path: `${DEVICE}/iommu_group` }),
      },
      links: { [`${DEVICE}/iommu_group`]: null, [`/sys/kernel/iommu_groups/12/devices/${ADDRESS}`]: null },
    },
  }),
  'group-not-viable': () => ({
    what: 'an NVMe disk of the host is in the group of the GPU',
    finding: 'iommu.group-not-viable',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        [`${NEIGHBOUR}/vendor`]: '0x144d\n',
        [`${NEIGHBOUR}/device`]: '0xa80a\n',
        [`${NEIGHBOUR}/class`]: '0x010802\n',
        [ANSWER]: helperRefusal(ADDRESS, 'group', { step: 'group-viable', errno: 0, path: '/dev/vfio/12' }),
      },
      links: {
        [`${NEIGHBOUR}/driver`]: '../../../../bus/pci/drivers/nvme',
        [`${NEIGHBOUR}/iommu_group`]: '../../../../kernel/iommu_groups/12',
        '/sys/kernel/iommu_groups/12/devices/0009:02:00.0': '../../../../bus/pci/devices/0009:02:00.0',
      },
    },
  }),
  'reserved-regions': () => ({
    what: 'firmware maps a range one to one for the GPU, so that VFIO may not have it',
    finding: 'iommu.rmr-direct',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        '/sys/kernel/iommu_groups/12/reserved_regions':
          '0x0000000080000000 0x000000008000ffff direct\n0x0000000008000000 0x00000000080fffff msi\n',
        [ANSWER]: helperRefusal(ADDRESS, 'group', { step: 'container-iommu', errno: EINVAL, path: '/dev/vfio/vfio' }),
      },
    },
  }),
  'no-msi-isolation': () => ({
    what: 'interrupts of the GPU are not isolated, so that the kernel keeps it from guests',
    finding: 'vfio.open-failed',
    host: gh200({ regions: [] }),
    changes: {
      files: {
        [ANSWER]: helperRefusal(ADDRESS, 'group', { step: 'container-iommu', errno: EPERM, path: '/dev/vfio/vfio' }),
      },
    },
  }),
};
