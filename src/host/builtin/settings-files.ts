/** How a made-up host is set up: nothing in the way of a guest, of what no other part of its description says. */
export const SETTINGS_FILES: Readonly<Record<string, string>> = {
  '/proc/self/limits': 'Max locked memory         unlimited            unlimited            bytes     \n',
  '/proc/self/status': 'CapEff:\t000001ffffffffff\n',
  '/proc/mounts': 'hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n',
  '/proc/sys/kernel/numa_balancing': '0\n',
  '/sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
  '/sys/class/misc/iommu/dev': '10:127\n',
  '/sys/class/misc/vfio/dev': '10:196\n',
  '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode': 'N\n',
  '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts': 'N\n',
  '/sys/module/vfio_iommu_type1/parameters/dma_entry_limit': '65535\n',
};
