import { about, type DeviceCheck } from './facts.ts';

export const nvlink2Bridges: DeviceCheck = {
  id: 'nvlink2.bridges',
  severity: 'warn',
  title: 'The NVLink bridges of the GPU are on vfio-pci, as it is',
  looksAt: 'the device tree, and the drivers of the functions that it names',
  reference:
    'QEMU 4.1 to 8.1, hw/ppc/spapr_pci_nvlink2.c: a guest without them has no ATSD register, and no link to train',
  observe(facts) {
    const { nvlink } = facts.gpu;
    if (!nvlink) return [];
    if (nvlink.links.length === 0) {
      return about(
        facts,
        'the device tree names NVLinks, and no function of the host is one of them',
        'lspci -D -d 1014:',
      );
    }
    const others = nvlink.links.map(({ pci }) => pci).filter(({ driver }) => driver !== 'vfio-pci');
    if (others.length === 0) return [];
    const list = others.map(({ address, driver }) => `${address} (${driver ?? 'no driver'})`).join(', ');
    return about(
      facts,
      `NVLink bridges that are not on vfio-pci, so that a guest cannot get them: ${list}`,
      ...others.flatMap(({ address }) => [
        `echo vfio-pci > /sys/bus/pci/devices/${address}/driver_override`,
        `echo ${address} > /sys/bus/pci/drivers_probe`,
      ]),
    );
  },
};
