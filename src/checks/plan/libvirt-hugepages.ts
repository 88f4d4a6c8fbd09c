import { formatBytes } from '../../vfio/bytes.ts';
import type { PlanCheck } from './facts.ts';

export const libvirtHugepages: PlanCheck = {
  id: 'libvirt.hugepages',
  severity: 'fail',
  title: 'libvirt finds huge pages of the size that the guest is to have',
  looksAt: 'hugetlbfs with that pagesize in /proc/mounts, where libvirt is to run the guest',
  reference: 'libvirt, virFileFindHugeTLBFS: it takes the mounts that are there when its daemon starts',
  observe({ plan, libvirt, settings: { hugePages } }) {
    const size = plan.hugePageBytes;
    if (libvirt === null || size === null) return [];
    if (hugePages.mountedBytes === null) return { notKnown: '/proc/mounts is not known' };
    if (hugePages.mountedBytes.includes(size)) return [];
    const directory = `/dev/hugepages-${size / 1024n}k`;
    return [
      {
        subject: plan.name,
        message: `the guest is to have pages of ${formatBytes(size)}, and no hugetlbfs of that size is mounted: libvirt refuses to start it`,
        remedy: [
          `mkdir -p ${directory} && mount -t hugetlbfs -o pagesize=${size / 1024n}K hugetlbfs ${directory}`,
          'systemctl restart virtqemud   # or libvirtd; guests go on',
        ],
      },
    ];
  },
};
