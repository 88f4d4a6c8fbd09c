/** What libvirt says of the machine that a guest gets, as far as a probe needs it (`virsh domcapabilities`). */
export interface DomainCapabilities {
  emulator: string;
  /** Type of a domain: `kvm`, or `qemu` where it is emulated. */
  type: string;
  /** libvirt gives PCI devices to guests: the host has IOMMU groups and VFIO. */
  hostDevices: boolean;
  /** It passes iommufd to QEMU, and the host has `/dev/iommu`. */
  iommufd: boolean;
}

/** @returns null where the document has no emulator. */
export function readDomainCapabilities(xml: string): DomainCapabilities | null {
  const emulator = /<path>([^<]+)<\/path>/.exec(xml)?.[1];
  const type = /<domain>(\w+)<\/domain>/.exec(xml)?.[1];
  if (emulator === undefined || type === undefined) return null;
  const hostdev = /<hostdev supported='yes'>.*?<\/hostdev>/s.exec(xml)?.[0] ?? '';
  const offers = (name: string, value: string) =>
    new RegExp(`<enum name='${name}'>.*?</enum>`, 's').exec(hostdev)?.[0].includes(`<value>${value}</value>`) ?? false;
  return { emulator, type, hostDevices: offers('pciBackend', 'vfio'), iommufd: offers('iommufd', 'yes') };
}

/** A domain with one thing in it that not every libvirt knows, and how its command line or its refusal looks where it does. */
export interface Probe {
  cpu?: string;
  devices?: string;
  /** In the arguments of QEMU. */
  argument?: RegExp;
  /** In what libvirt says where it refuses the domain. */
  refusal?: RegExp;
}

const EMPTY_CELL = "<numa><cell id='0' cpus='0' memory='64' unit='MiB'/><cell id='1' memory='0'/></numa>";

/** The device need not exist: libvirt looks for it when a guest is started. */
export const ACPI_NODESET: Probe = {
  cpu: EMPTY_CELL,
  devices: `<hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0xfffe' bus='0x01' slot='0x00' function='0x0'/></source><acpi nodeset='1'/></hostdev>`,
  argument: /acpi-generic-initiator/,
};

/**
 * The same where the host gives no devices to guests, so that libvirt refuses every hostdev: a libvirt that reads the
 * attribute refuses what is no set of nodes, on any device.
 */
export const ACPI_NODESET_READ: Probe = {
  devices: `<rng model='virtio'><backend model='random'>/dev/urandom</backend><acpi nodeset='none'/></rng>`,
  refusal: /Failed to parse bitmap 'none'/,
};

/** Before 11.8.0 the node has a memory backend of 0 bytes, with which QEMU does not start. */
export const EMPTY_CELLS: Probe = { cpu: EMPTY_CELL, argument: /-numa node,nodeid=1(?!,memdev)/ };

export const PCI_HOLE_64: Probe = {
  devices: `<controller type='pci' index='0' model='pcie-root'><pcihole64 unit='TiB'>1</pcihole64></controller>`,
  argument: /highmem-mmio-size=/,
};

/** Before 12.7.0 there is a plain SMMUv3 for the whole machine, or an error. */
export const ACCELERATED_SMMU: Probe = {
  devices: `<controller type='pci' index='0' model='pcie-root'/><controller type='pci' index='1' model='pcie-expander-bus'><target busNr='240'/></controller><iommu model='smmuv3'><driver pciBus='1' accel='on'/></iommu>`,
  argument: /"arm-smmuv3"[^}]*"accel":true/,
};

/** The domain of a probe. Without `<acpi/>`, because libvirt wants a UEFI image for that. */
export function probeDomain({ cpu = '', devices = '' }: Probe, { emulator, type }: DomainCapabilities): string {
  const mode = type === 'kvm' ? " mode='host-passthrough'" : '';
  return `<domain type='${type}'><name>ghpass-probe</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type arch='aarch64' machine='virt'>hvm</type></os><cpu${mode}>${cpu}</cpu><devices><emulator>${emulator}</emulator>${devices}<memballoon model='none'/></devices></domain>`;
}
