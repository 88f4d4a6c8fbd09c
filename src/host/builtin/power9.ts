import type { FileTree } from '../memory-files.ts';
import { addPower9Gpu, type Files, type Links, type Power9Npu } from './power9-gpu.ts';

const KIB = 1024n;
const GIB = 1024n ** 3n;

/** A made-up POWER9 host with V100 GPUs, all functions on vfio-pci. */
export interface Power9Host {
  /** What the numbers are; shown with each report. */
  about: string;
  release: string;
  npus: readonly Power9Npu[];
}

/** Half of a host with four V100 of 16 GiB: addresses as in the RFC of the driver (kvm list, June 2018), 128 GiB windows. */
export const POWER9_V100: Power9Host = {
  about:
    'sizes are those of the kernel’s and the firmware’s source for two V100 on one POWER9, not those of a real board',
  release: '5.4.0',
  npus: [
    {
      iommuGroup: '4',
      numaNode: 0,
      gpus: [
        {
          address: '0004:04:00.0',
          bridges: ['0006:00:00.0', '0006:00:00.1', '0006:00:00.2'],
          window: { base: 0x400_0000_0000n, sizeBytes: 128n * GIB },
        },
        {
          address: '0004:05:00.0',
          bridges: ['0006:00:01.0', '0006:00:01.1', '0006:00:01.2'],
          window: { base: 0x420_0000_0000n, sizeBytes: 128n * GIB },
        },
      ],
    },
  ],
};

/** The files of a made-up POWER9 host, in the shape of a snapshot: a device tree where Grace has ACPI tables. */
export function power9(host: Power9Host): FileTree {
  const files: Files = {
    '/ghpass/about.json': JSON.stringify({ synthetic: host.about }),
    '/ghpass/uname': host.release,
    '/proc/cmdline': 'ro\n',
    [`/boot/config-${host.release}`]: [
      'PPC_64K_PAGES',
      'PPC_POWERNV',
      'SPAPR_TCE_IOMMU',
      'VFIO',
      'VFIO_PCI',
      'VFIO_PCI_NVLINK2',
    ]
      .map((name) => `CONFIG_${name}=y\n`)
      .join(''),
    [`/lib/modules/${host.release}/modules.alias`]: 'alias pci:v000010DEd*sv*sd*bc03sc02i00* nouveau\n',
    ...nodeFiles(host),
  };
  const links: Links = {};
  let handle = 0x1000;
  for (const npu of host.npus) {
    for (const gpu of npu.gpus) {
      addPower9Gpu(npu, gpu, handle, files, links);
      handle += 0x100;
    }
  }
  return { files, links };
}

/** Two sockets of 20 cores with four threads; firmware gives the second one the number 8. */
function nodeFiles({ npus }: Power9Host): Files {
  const root = '/sys/devices/system/node';
  const ids = [...new Set([0, 8, ...npus.map(({ numaNode }) => numaNode)])].sort((a, b) => a - b);
  const files: Files = { [`${root}/possible`]: '0-255\n', [`${root}/online`]: `${ids.join(',')}\n` };
  const kib = (256n * GIB) / KIB;
  ids.forEach((id, i) => {
    files[`${root}/node${id}/cpulist`] = `${80 * i}-${80 * i + 79}\n`;
    files[`/sys/devices/system/cpu/cpu${80 * i}/topology/physical_package_id`] = `${id}\n`;
    files[`${root}/node${id}/distance`] = `${ids.map((other) => (other === id ? 10 : 40)).join(' ')}\n`;
    files[`${root}/node${id}/meminfo`] = `Node ${id} MemTotal: ${kib} kB\nNode ${id} MemFree: ${kib} kB\n`;
  });
  return files;
}
