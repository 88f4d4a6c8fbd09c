/** What a libvirt does with the elements that a coherent GPU needs: asked of it, because vendor builds differ from their version. */
export interface LibvirtFacts {
  /** Where it was asked, as in `qemu:///system`. */
  uri: string;
  version: [number, number, number];
  /** `<hostdev><acpi nodeset>` becomes generic initiators (upstream 11.8.0; dropped silently before). */
  acpiNodeset: boolean;
  /** `<cell memory='0'>` becomes a node without a memory backend (upstream 11.8.0). */
  emptyCells: boolean;
  /** `<pcihole64>` on the virt machine becomes `highmem-mmio-size` (upstream 11.4 or 11.5). */
  pciHole64: boolean;
  /** `<driver iommufd='yes'/>` of a hostdev (upstream 12.1.0; dropped silently before). */
  iommufd: boolean;
  /** `<iommu model='smmuv3'><driver pciBus accel/>`, one for each expander bus (upstream 12.7.0 with QEMU 11.0). */
  acceleratedSmmu: boolean;
}
