import type { LibvirtFacts } from '../../libvirt/libvirt-facts.ts';
import type { ToolFacts } from '../../programs/tools.ts';
import { gb200Nvl4 } from '../nvl4.ts';
import type { SyntheticHost } from '../synthesize.ts';
import { type BrokenHosts, gh200 } from './broken-host.ts';

/** As Debian 13 has it. */
const LIBVIRT_11_3: LibvirtFacts = {
  uri: 'qemu:///system',
  version: [11, 3, 0],
  acpiNodeset: false,
  emptyCells: false,
  pciHole64: false,
  iommufd: false,
  acceleratedSmmu: false,
};

/** The software that is to run the guest. */
export const BROKEN_STACKS: BrokenHosts = {
  'old-qemu': () => ({
    what: 'QEMU 9.1 swaps the addresses of generic initiators',
    finding: 'qemu.gi-bdf',
    host: withTools(gh200({}), ({ qemu, ...rest }) => ({
      ...rest,
      qemu: qemu && { ...qemu, version: [9, 1, 3], highmemMmioSize: false, smmuProperties: [] },
    })),
  }),
  'small-window': () => ({
    what: 'QEMU 9.2 cannot make its window large enough for four GPUs',
    finding: 'mmio.window',
    host: withTools(gb200Nvl4(), ({ qemu, ...rest }) => ({
      ...rest,
      qemu: qemu && { ...qemu, version: [9, 2, 4], highmemMmioSize: false, smmuProperties: [] },
    })),
  }),
  'old-libvirt': () => ({
    what: 'libvirt 11.3 drops what ties the nodes of a guest to its GPU',
    finding: 'libvirt.nodeset-dropped',
    host: { ...gh200({}), libvirt: LIBVIRT_11_3 },
  }),
  'old-firmware': () => ({
    what: 'the UEFI image of Debian 12 loses all NUMA nodes of a guest',
    finding: 'firmware.aavmf',
    host: withTools(gh200({}), ({ firmware, ...rest }) => ({
      ...rest,
      firmware: firmware.map((image) => ({
        ...image,
        package: { name: 'qemu-efi-aarch64', version: '2022.11-6+deb12u2' },
      })),
    })),
  }),
};

function withTools(host: SyntheticHost, change: (tools: ToolFacts) => ToolFacts): SyntheticHost {
  return { ...host, tools: host.tools && change(host.tools) };
}
