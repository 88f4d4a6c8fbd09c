import type { RegionInfo } from './structs.ts';

/** Regions from here on are the device's own, in an order of its driver: they are found by type (VFIO_PCI_NUM_REGIONS). */
const FIRST_VENDOR_REGION = 9;
/** Vendor types: VFIO_REGION_TYPE_PCI_VENDOR_TYPE and the vendor's PCI id, both with subtype 1 (include/uapi/linux/vfio.h). */
const NVIDIA_TYPE = 0x8000_10de;
const IBM_TYPE = 0x8000_1014;
const SUBTYPE = 1;

/** The window with the GPU's memory: VFIO_REGION_SUBTYPE_NVIDIA_NVLINK2_RAM. */
export function isNvlinkMemory(region: RegionInfo): boolean {
  return isOfType(region, NVIDIA_TYPE);
}

/** The register with which a bridge takes back translations: VFIO_REGION_SUBTYPE_IBM_NVLINK2_ATSD. */
export function isNvlinkRegister(region: RegionInfo): boolean {
  return isOfType(region, IBM_TYPE);
}

function isOfType({ index, type }: RegionInfo, wanted: number): boolean {
  return index >= FIRST_VENDOR_REGION && type?.type === wanted && type.subtype === SUBTYPE;
}
