import { formatBytes, KIB } from '../../vfio/bytes.ts';
import { aboutHost, type HostCheck } from './facts.ts';

const RECOMMENDED_BYTES = 64n * KIB;

export const kernelPageSize: HostCheck = {
  id: 'kernel.page-size',
  severity: 'warn',
  title: 'Pages are 64 KiB, as NVIDIA recommends for Grace',
  looksAt: 'AT_PAGESZ of /proc/self/auxv, else CONFIG_ARM64_*_PAGES',
  reference: 'cloud-hypervisor/cloud-hypervisor#5292, NVIDIA/NV-Kernels#180',
  observe({ host: { pageBytes } }) {
    if (pageBytes === null)
      return { notKnown: 'neither /proc/self/auxv nor the build options of the kernel are known' };
    if (pageBytes >= RECOMMENDED_BYTES) return [];
    const times = RECOMMENDED_BYTES / pageBytes;
    return aboutHost(
      `pages are ${formatBytes(pageBytes)}: ${times} times as many to pin and to map as with ${formatBytes(RECOMMENDED_BYTES)}`,
      'apt-get install linux-generic-64k   # Ubuntu',
      'dnf install kernel-64k   # RHEL 9, CentOS Stream 9',
    );
  },
};
