import { BRIDGE, openPower9, V100 } from '../fixtures/power9-host.ts';
import type { DeviceCase } from './device-cases.ts';

const DEVICE = `/sys/bus/pci/devices/${V100}`;
const DRIVER = { links: { [`${DEVICE}/driver`]: null } };
const STACK = 'Linux 5.0 to 5.12 and QEMU 4.1 to 8.1';

/** What checks say of a V100 on POWER9: there is no ACPI, and vfio-pci is the right driver. */
export const POWER9_CASES: readonly DeviceCase[] = [
  ...['acpi.unreadable', 'acpi.dsd-missing', 'device.unknown-id', 'driver.generic-bound', 'driver.unbound'].map(
    (id) => ({
      id,
      title: 'a V100 on vfio-pci',
      host: openPower9(),
    }),
  ),
  ...['bar2.length-short', 'bar2.region-mismatch', 'driver.no-coherent', 'device.unexpected'].map((id) => ({
    id,
    title: 'a V100, which has no BAR2',
    host: openPower9(),
  })),
  {
    id: 'driver.unbound',
    title: 'a V100 without a driver',
    host: openPower9({}, DRIVER),
    says: {
      severity: 'warn',
      message: 'no driver is bound, so the device cannot be asked; sizes are predicted from the device tree',
      remedy: [`echo vfio-pci > ${DEVICE}/driver_override`, `echo ${V100} > /sys/bus/pci/drivers_probe`],
    },
  },
  {
    id: 'iommu.group-missing',
    title: 'a V100 without a group',
    host: openPower9({}, { links: { [`${DEVICE}/iommu_group`]: null } }),
    says: {
      severity: 'fail',
      message: `${DEVICE}/iommu_group is missing: no IOMMU translates for the device`,
      remedy: ['boot a powernv kernel with CONFIG_IOMMU_API and CONFIG_SPAPR_TCE_IOMMU'],
    },
  },
  {
    id: 'stack.nvlink2',
    title: 'a V100 with a kernel that exports its memory',
    host: openPower9(),
    says: {
      severity: 'info',
      message: `memory behind NVLink2 needs ${STACK}; ghpass plans such a guest, and does not start it`,
    },
  },
  ...(['4.20.0', '5.13.0', '6.1.0'] as const).map(
    (release): DeviceCase => ({
      id: 'stack.nvlink2',
      title: `a V100 with Linux ${release}, which does not`,
      host: openPower9({ release }),
      open: false,
      says: {
        severity: 'fail',
        message: `Linux ${release} exports no memory behind NVLink2: that needs ${STACK}`,
        remedy: ['boot Linux 5.0 to 5.12: later kernels know the numbers of these regions, and never answer with them'],
      },
    }),
  ),
  {
    id: 'nvlink2.bridges',
    title: 'bridges without a driver, and on another',
    host: openPower9(
      {},
      {
        links: {
          [`/sys/bus/pci/devices/${BRIDGE}/driver`]: null,
          '/sys/bus/pci/devices/0006:00:00.1/driver': '../../../../bus/pci/drivers/nvidia',
        },
      },
    ),
    says: {
      severity: 'warn',
      message: `NVLink bridges that are not on vfio-pci, so that a guest cannot get them: ${BRIDGE} (no driver), 0006:00:00.1 (nvidia)`,
      remedy: [
        `echo vfio-pci > /sys/bus/pci/devices/${BRIDGE}/driver_override`,
        `echo ${BRIDGE} > /sys/bus/pci/drivers_probe`,
        'echo vfio-pci > /sys/bus/pci/devices/0006:00:00.1/driver_override',
        'echo 0006:00:00.1 > /sys/bus/pci/drivers_probe',
      ],
    },
  },
  {
    id: 'nvlink2.bridges',
    title: 'bridges that the host does not show',
    host: openPower9(
      {},
      {
        files: Object.fromEntries(
          [0, 1, 2].map((i) => [
            `/sys/firmware/devicetree/base/pciex@600c3c0006/bus@00/function@00.${i}/phandle`,
            null,
          ]),
        ),
      },
    ),
    says: {
      severity: 'warn',
      message: 'the device tree names NVLinks, and no function of the host is one of them',
      remedy: ['lspci -D -d 1014:'],
    },
  },
  { id: 'nvlink2.bridges', title: 'bridges on vfio-pci', host: openPower9() },
];
