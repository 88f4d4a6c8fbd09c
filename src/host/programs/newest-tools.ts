import type { LibvirtFacts } from '../libvirt/libvirt-facts.ts';
import { SMMU_PROPERTIES } from './smmu-properties.ts';
import type { ToolFacts } from './tools.ts';

/** The newest stack that ghpass was tried with, assumed where a captured host does not tell. */
export const NEWEST_TOOLS: ToolFacts = {
  qemu: {
    binary: 'qemu-system-aarch64',
    version: [11, 1, 3],
    package: '',
    genericInitiator: true,
    highmemMmioSize: true,
    iommufd: true,
    smmuProperties: [...SMMU_PROPERTIES],
  },
  firmware: [
    {
      code: '/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd',
      variablesTemplate: '/usr/share/AAVMF/AAVMF_VARS.fd',
      format: 'raw',
      package: { name: 'qemu-efi-aarch64', version: '2026.08-1' },
    },
  ],
  kvm: { usable: true, reason: null, ipaSizeBits: 48, cacheablePfnmap: true },
};

/** The libvirt of that stack. */
export const NEWEST_LIBVIRT: LibvirtFacts = {
  uri: 'qemu:///system',
  version: [12, 8, 0],
  acpiNodeset: true,
  emptyCells: true,
  pciHole64: true,
  iommufd: true,
  acceleratedSmmu: true,
};
