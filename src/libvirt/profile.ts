import type { LibvirtFacts } from '../host/libvirt/libvirt-facts.ts';

/** How a domain says what libvirt may or may not have an element for; `commandline` is `<qemu:commandline>`. */
export interface Profile {
  /** The GPU's nodes and the generic initiators that tie them to it: they only go together. */
  nodes: 'element' | 'commandline';
  /** The MMIO window. */
  window: 'element' | 'commandline';
  /** libvirt opens `/dev/iommu` and the GPU's cdev itself; without an element there is only the group path. */
  iommufd: boolean;
  /** An SMMUv3 with `accel` in front of each GPU; there is no other way to write it. */
  acceleratedSmmu: boolean;
}

/** Everything by arguments of QEMU: what any libvirt keeps since 10.4, which has an element for reliability (`<ras>`). */
export const FALLBACK: Profile = {
  nodes: 'commandline',
  window: 'commandline',
  iommufd: false,
  acceleratedSmmu: false,
};

/** The best that a libvirt can do, element by element. */
export function profileOf({ acpiNodeset, emptyCells, pciHole64, iommufd, acceleratedSmmu }: LibvirtFacts): Profile {
  return {
    nodes: acpiNodeset && emptyCells ? 'element' : 'commandline',
    window: pciHole64 ? 'element' : 'commandline',
    iommufd,
    acceleratedSmmu,
  };
}
