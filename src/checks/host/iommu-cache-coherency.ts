import { formatAddress } from '../../vfio/bytes.ts';
import { aboutHost, type HostCheck } from './facts.ts';

export const iommuCacheCoherency: HostCheck = {
  id: 'iommu.cache-coherency',
  severity: 'fail',
  title: 'The SMMUs are coherent with the caches',
  looksAt: 'COHACC override of the SMMUv3 nodes in IORT',
  reference:
    'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_device_acpi_probe; drivers/vfio/vfio_main.c: EINVAL',
  observe({ settings: { iort } }) {
    if (iort === null) return { notKnown: 'IORT in /sys/firmware/acpi/tables is absent, or only root may read it' };
    if (iort.smmus.length === 0) return { notKnown: 'IORT lists no SMMUv3' };
    const others = iort.smmus.filter(({ coherent }) => !coherent);
    if (others.length === 0) return [];
    const list = others.map(({ base }) => formatAddress(base)).join(', ');
    const observations = aboutHost(
      `firmware calls ${others.length} of ${iort.smmus.length} SMMUs not coherent (${list}): VFIO refuses a device behind them with EINVAL (22)`,
      'update the firmware: its IORT lacks COHACC',
      'dmesg | grep -i "IDR0.COHACC overridden"',
    );
    if (others.length === iort.smmus.length) return observations;
    return observations.map((observation) => ({ ...observation, severity: 'warn' }));
  },
};
