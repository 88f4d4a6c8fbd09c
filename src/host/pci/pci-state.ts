import { type HostFiles, readText, readTextIfReadable } from '../files.ts';

/** Addresses that the IOMMU of a group must map in a way of its own. */
export interface ReservedRegion {
  start: string;
  end: string;
  /** In the kernel's words: `direct`, `direct-relaxable`, `reserved`, `msi` (drivers/iommu/iommu.c). */
  type: string;
}

/** What sysfs says of a function beside what it is. */
export interface PciState {
  /** As `power_state` reads: `D0`, `D3hot`, `D3cold`, `unknown`; null where the file is absent. */
  power: string | null;
  /** `d3cold_allowed`; null where it is not known. */
  d3coldAllowed: boolean | null;
  /** Type of the group's default domain: `DMA`, `DMA-FQ`, `identity`; null where it is not known. */
  groupType: string | null;
  /** Of the IOMMU group; null where they are not known. */
  reservedRegions: ReservedRegion[] | null;
}

/** @param group name of the IOMMU group; null where it is not known. */
export function readPciState(files: HostFiles, directory: string, group: string | null): PciState {
  const ofGroup = (attribute: string) =>
    group === null ? null : readTextIfReadable(files, `/sys/kernel/iommu_groups/${group}/${attribute}`);
  const d3cold = readText(files, `${directory}/d3cold_allowed`);
  return {
    power: readText(files, `${directory}/power_state`),
    d3coldAllowed: d3cold === null ? null : d3cold === '1',
    groupType: ofGroup('type'),
    reservedRegions: parseReservedRegions(ofGroup('reserved_regions')),
  };
}

/** `0x0000000008000000 0x00000000080fffff msi` per line. */
function parseReservedRegions(text: string | null): ReservedRegion[] | null {
  if (text === null) return null;
  return text.split('\n').flatMap((line) => {
    const [start, end, type] = line.split(' ');
    return start && end && type ? [{ start, end, type }] : [];
  });
}
