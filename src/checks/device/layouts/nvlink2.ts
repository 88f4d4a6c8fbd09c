import { formatAddress, formatBytes, KIB } from '../../../vfio/bytes.ts';
import type { GpuLink } from '../../../vfio/gpu.ts';
import { isNvlinkMemory, isNvlinkRegister } from '../../../vfio/nvlink-regions.ts';
import type { RegionInfo } from '../../../vfio/structs.ts';
import type { DeviceFacts } from '../facts.ts';
import type { LayoutPredicate } from './predicate.ts';

const GPU_SOURCE = 'drivers/vfio/pci/vfio_pci_nvlink2.c, vfio_pci_nvdia_v100_nvlink2_init (Linux 5.0 to 5.12)';
const BRIDGE_SOURCE = 'drivers/vfio/pci/vfio_pci_nvlink2.c, vfio_pci_ibm_npu2_init (Linux 5.0 to 5.12)';

/** `nvlink2`: POWER9 and V100. The GPU has its memory in a region of its own, each link a register in one of the bridge's. */
export const NVLINK2: readonly LayoutPredicate[] = [
  {
    rule: 'nvlink2: the GPU has one region with memory',
    source: GPU_SOURCE,
    faults({ gpu }) {
      const count = gpu.regions.filter(isNvlinkMemory).length;
      return count === 1 ? [] : [`the GPU has ${count} regions of type NVLink2 memory, not one`];
    },
  },
  {
    rule: 'nvlink2: the memory is not empty',
    source: GPU_SOURCE,
    faults: ofMemory(({ sizeBytes }) => sizeBytes === 0n && 'is empty'),
  },
  {
    rule: 'nvlink2: the memory can be read, written and mapped',
    source: GPU_SOURCE,
    faults: ofMemory(({ flags }) => {
      const missing = ['read', 'write', 'mmap'].filter((flag) => !flags.includes(flag));
      return missing.length > 0 && `lacks ${missing.join(', ')}`;
    }),
  },
  {
    rule: 'nvlink2: the memory says its target address',
    source: `${GPU_SOURCE}: capability SSATGT`,
    faults: ofMemory(({ nvlinkTarget }) => nvlinkTarget === null && 'has no capability nvlink2-ssatgt'),
  },
  {
    rule: 'nvlink2: the memory is the window of the device tree',
    source: `${GPU_SOURCE}: "memory-region" of the first bridge`,
    faults: ofMemory(({ sizeBytes }, { gpu }) => {
      const window = gpu.nvlink?.window;
      if (!window || sizeBytes === 0n || sizeBytes === window.sizeBytes) return false;
      return `is ${formatBytes(sizeBytes)}, the window in the device tree ${formatBytes(window.sizeBytes)}`;
    }),
  },
  {
    rule: 'nvlink2: the target address is that of the device tree',
    source: `${GPU_SOURCE}: "ibm,device-tgt-addr" of the first bridge`,
    faults: ofMemory(({ nvlinkTarget }, { gpu }) => {
      const target = gpu.nvlink?.target ?? null;
      if (nvlinkTarget === null || target === null || nvlinkTarget === target) return false;
      return `has the target ${formatAddress(nvlinkTarget)}, the device tree ${formatAddress(target)}`;
    }),
  },
  {
    rule: 'nvlink2: a bridge has one register region',
    source: BRIDGE_SOURCE,
    faults: ofLinks(({ regions }) => {
      const count = regions.filter(isNvlinkRegister).length;
      return count !== 1 && `has ${count} regions of type ATSD, not one`;
    }),
  },
  {
    rule: 'nvlink2: a register is one page, or not there',
    source: BRIDGE_SOURCE,
    faults: ofRegisters(({ index, sizeBytes }, facts) => {
      const pages = hostPages(facts);
      if (sizeBytes === 0n || pages.includes(sizeBytes)) return false;
      return `region ${index} is ${formatBytes(sizeBytes)}, not one page of ${pages.map(formatBytes).join(' or ')}`;
    }),
  },
  {
    rule: 'nvlink2: a register says target and speed',
    source: `${BRIDGE_SOURCE}: capabilities SSATGT and LNKSPD`,
    faults: ofRegisters(({ index, nvlinkTarget, nvlinkSpeed }) => {
      const missing = [
        nvlinkTarget === null ? 'nvlink2-ssatgt' : null,
        nvlinkSpeed === null ? 'nvlink2-lnkspd' : null,
      ].filter((name) => name !== null);
      return missing.length > 0 && `region ${index} has no capability ${missing.join(' and no ')}`;
    }),
  },
  {
    rule: 'nvlink2: bridges and GPU have one target',
    source: 'QEMU 4.1 to 8.1, hw/ppc/spapr_pci_nvlink2.c, spapr_nvgpu_get_slot: what has one target belongs together',
    faults: ofRegisters(({ index, nvlinkTarget }, { gpu }) => {
      const target = gpu.regions.find(isNvlinkMemory)?.nvlinkTarget ?? null;
      if (target === null || nvlinkTarget === null || nvlinkTarget === target) return false;
      return `region ${index} has the target ${formatAddress(nvlinkTarget)}, the GPU ${formatAddress(target)}`;
    }),
  },
];

function ofMemory(fault: (region: RegionInfo, facts: DeviceFacts) => string | false): LayoutPredicate['faults'] {
  return (facts) => {
    const region = facts.gpu.regions.find(isNvlinkMemory);
    const what = region ? fault(region, facts) : false;
    return region && what !== false ? [`region ${region.index} ${what}`] : [];
  };
}

/** Of the bridges that were asked. */
function ofLinks(fault: (link: GpuLink, facts: DeviceFacts) => string | false): LayoutPredicate['faults'] {
  return (facts) =>
    (facts.gpu.nvlink?.links ?? []).flatMap((link) => {
      const what = link.notOpened === null && fault(link, facts);
      return what === false ? [] : [`bridge ${link.pci.address}: ${what}`];
    });
}

function ofRegisters(fault: (region: RegionInfo, facts: DeviceFacts) => string | false): LayoutPredicate['faults'] {
  return ofLinks(({ regions }, facts) => {
    const region = regions.find(isNvlinkRegister);
    return region ? fault(region, facts) : false;
  });
}

/** The page of the host, or both that a 64-bit POWER kernel can have where its options are not known. */
function hostPages({ host }: DeviceFacts): bigint[] {
  const { config } = host.kernel;
  if (config?.get('PPC_64K_PAGES') === 'y') return [64n * KIB];
  return config?.get('PPC_4K_PAGES') === 'y' ? [4n * KIB] : [4n * KIB, 64n * KIB];
}
