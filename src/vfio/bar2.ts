import { nextPowerOfTwo } from './bytes.ts';
import { coherentMemoryBytes, type GpuFacts } from './gpu.ts';
import type { Layout } from './layout.ts';
import type { RegionInfo } from './structs.ts';

/** The four lengths that "BAR2" can mean, and that are equal in no layout of a released driver. */
export interface Bar2 {
  /** The BAR of the device, from sysfs: configuration space shows the guest's. 0 where there is none. */
  physicalBytes: bigint;
  /** VFIO region 2: the BAR2 that a guest sees. Null where the device was not asked, or its answer cannot be decoded. */
  regionBytes: bigint | null;
  /** How much of region 2 can be mapped. Null as above. */
  mappedBytes: bigint | null;
  /** Coherent memory of the GPU, as firmware announces it, else as the regions hold it. */
  memoryBytes: bigint | null;
}

/** The four lengths of one GPU. */
export function bar2Lengths(gpu: GpuFacts): Bar2 {
  const region = gpu.regions.find(({ index }) => index === 2);
  return {
    physicalBytes: gpu.pci.bars[2]?.lengthBytes ?? 0n,
    regionBytes: region?.sizeBytes ?? null,
    mappedBytes: region ? mappableBytes(region) : null,
    memoryBytes: coherentMemoryBytes(gpu),
  };
}

function mappableBytes({ sparseAreas, flags, sizeBytes }: RegionInfo): bigint {
  if (sparseAreas) return sparseAreas.reduce((sum, area) => sum + area.sizeBytes, 0n);
  return flags.includes('mmap') ? sizeBytes : 0n;
}

/** What ties the four lengths together; `length` is the physical one, as in the report. */
export type Bar2Rule =
  | 'length >= memory'
  | 'region = length'
  | 'region = memory'
  | 'region = pow2(memory)'
  | 'region = pow2(mapped)'
  | 'mapped = memory';

export interface Bar2Relation {
  rule: Bar2Rule;
  /** Null where one of the lengths is not known. */
  holds: boolean | null;
}

/**
 * The relations that a layout asks for. `length >= memory` is nobody's rule but ghpass's: the review of the driver's 12th
 * version (October 2023) wanted the probe to fail without it, and no released kernel does. The others follow from
 * drivers/vfio/pci/nvgrace-gpu/main.c and vfio_pci_core.c; `pad-bars` is the proposal of June 2023.
 */
const RULES: Readonly<Record<Layout, readonly Bar2Rule[]>> = {
  carveout: ['region = pow2(mapped)', 'length >= memory'],
  whole: ['region = length', 'length >= memory'],
  aperture: ['mapped = memory', 'region = pow2(memory)', 'region = length', 'length >= memory'],
  'pad-bars': ['region = memory'],
  nvlink2: ['region = length'],
  none: ['region = length', 'length >= memory'],
};

/** What is asked for where the layout is not known. */
const OWN_RULES: readonly Bar2Rule[] = ['length >= memory'];

/** The relations of the GPU's layout, each held against its numbers; where the layout is not known, ghpass's own rule. */
export function bar2Relations(gpu: GpuFacts): Bar2Relation[] {
  const { layout, usable } = gpu.memory;
  // Memory that is padded in region 4 says nothing of region 2.
  if (layout === 'pad-bars' && usable?.region !== 2) return [];
  const lengths = bar2Lengths(gpu);
  const rules = gpu.nvlink ? RULES.nvlink2 : layout === null ? OWN_RULES : RULES[layout];
  return rules.map((rule) => ({ rule, holds: holds(rule, lengths) }));
}

function holds(rule: Bar2Rule, { physicalBytes, regionBytes, mappedBytes, memoryBytes }: Bar2): boolean | null {
  switch (rule) {
    case 'length >= memory':
      return memoryBytes === null ? null : physicalBytes >= memoryBytes;
    case 'region = length':
      return regionBytes === null ? null : regionBytes === physicalBytes;
    case 'region = memory':
      return equal(regionBytes, memoryBytes);
    case 'region = pow2(memory)':
      return equal(regionBytes, memoryBytes && nextPowerOfTwo(memoryBytes));
    case 'region = pow2(mapped)':
      return equal(regionBytes, mappedBytes && nextPowerOfTwo(mappedBytes));
    case 'mapped = memory':
      return equal(mappedBytes, memoryBytes);
  }
}

function equal(a: bigint | null, b: bigint | null): boolean | null {
  return a === null || b === null ? null : a === b;
}

/** Whether a relation that the layout asks for is known to be broken. */
export function breaks(gpu: GpuFacts, rule: Bar2Rule): boolean {
  return bar2Relations(gpu).some((relation) => relation.rule === rule && relation.holds === false);
}
