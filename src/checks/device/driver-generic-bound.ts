import { about, type DeviceCheck } from './facts.ts';

export const driverGenericBound: DeviceCheck = {
  id: 'driver.generic-bound',
  severity: 'fail',
  title: 'The variant driver is bound, not the generic vfio-pci',
  looksAt: 'the link driver',
  reference: 'kubernetes-sigs/dra-driver-nvidia-gpu#1199',
  observe(facts) {
    const { pci, nvlink } = facts.gpu;
    if (nvlink || pci.driver !== 'vfio-pci') return [];
    return about(
      facts,
      'bound to vfio-pci: the coherent memory is not visible to a guest',
      `ghpass release ${pci.address}`,
      `ghpass bind ${pci.address}`,
    );
  },
};
