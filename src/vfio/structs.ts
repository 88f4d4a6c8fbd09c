/** Flags of struct vfio_device_info (include/uapi/linux/vfio.h). */
const DEVICE_FLAGS: readonly [number, string][] = [
  [1 << 0, 'reset'],
  [1 << 1, 'pci'],
  [1 << 7, 'caps'],
];

const REGION_FLAGS: readonly [number, string][] = [
  [1 << 0, 'read'],
  [1 << 1, 'write'],
  [1 << 2, 'mmap'],
  [1 << 3, 'caps'],
];

/** VFIO_REGION_INFO_CAP_*; an id that is not here is shown by its number. */
const REGION_CAPABILITIES: Readonly<Record<number, string>> = {
  1: 'sparse-mmap',
  2: 'type',
  3: 'msix-mappable',
  4: 'nvlink2-ssatgt',
  5: 'nvlink2-lnkspd',
};
const SPARSE_MMAP = 1;
const TYPE = 2;
const NVLINK2_SSATGT = 4;
const NVLINK2_LNKSPD = 5;

const DEVICE_INFO_BYTES = 16;
const REGION_INFO_BYTES = 32;
const CAPABILITY_HEADER_BYTES = 8;

export interface DeviceInfo {
  flags: string[];
  regionCount: number;
  irqCount: number;
}

/** A part of a region that may be mapped; what lies outside of the areas of a sparse region may not. */
export interface SparseArea {
  offsetBytes: bigint;
  sizeBytes: bigint;
}

export interface RegionCapability {
  id: number;
  /** Null for a capability that ghpass does not know. */
  name: string | null;
  version: number;
}

export interface RegionInfo {
  index: number;
  flags: string[];
  /** Length of the region, which for a special region is the length of the BAR that the guest sees. */
  sizeBytes: bigint;
  offset: bigint;
  /** Length that the kernel gives its answer (argsz), and where in it the capabilities begin; 0 without any. */
  answerBytes: number;
  capabilityOffset: number;
  capabilities: RegionCapability[];
  /** Null where the region has no sparse-mmap capability. */
  sparseAreas: SparseArea[] | null;
  /** What a region beyond those of PCI is; null where the region has no type capability. */
  type: { type: number; subtype: number } | null;
  /** Address of the GPU's memory in NVLink2's own address space (SSATGT); null where the region does not say. */
  nvlinkTarget: bigint | null;
  /** Speed of the NVLink in the device tree's code (LNKSPD); null where the region does not say. */
  nvlinkSpeed: number | null;
}

/** The bytes of an answer contradict the structure that they should be. */
export class StructError extends Error {
  override readonly name = 'StructError';
}

/** Decodes struct vfio_device_info. @throws StructError where bytes are missing. */
export function decodeDeviceInfo(bytes: Uint8Array): DeviceInfo {
  const view = sized(bytes, DEVICE_INFO_BYTES, 'vfio_device_info');
  return {
    flags: flagNames(view.getUint32(4, true), DEVICE_FLAGS),
    regionCount: view.getUint32(8, true),
    irqCount: view.getUint32(12, true),
  };
}

/**
 * Decodes struct vfio_region_info with its capability chain.
 * @throws StructError where bytes are missing, where the chain leaves the buffer or runs in a circle, and where a region has
 * two lists of sparse areas.
 */
export function decodeRegionInfo(bytes: Uint8Array): RegionInfo {
  const view = sized(bytes, REGION_INFO_BYTES, 'vfio_region_info');
  const flags = view.getUint32(4, true);
  const region: RegionInfo = {
    index: view.getUint32(8, true),
    flags: flagNames(flags, REGION_FLAGS),
    sizeBytes: view.getBigUint64(16, true),
    offset: view.getBigUint64(24, true),
    answerBytes: view.getUint32(0, true),
    capabilityOffset: view.getUint32(12, true),
    capabilities: [],
    sparseAreas: null,
    type: null,
    nvlinkTarget: null,
    nvlinkSpeed: null,
  };
  for (const offset of capabilityOffsets(view, region.capabilityOffset)) {
    const id = view.getUint16(offset, true);
    region.capabilities.push({
      id,
      name: REGION_CAPABILITIES[id] ?? null,
      version: view.getUint16(offset + 2, true),
    });
    if (id === SPARSE_MMAP) {
      if (region.sparseAreas) throw new StructError(`second list of sparse areas at byte ${offset}`);
      region.sparseAreas = decodeSparseAreas(view, offset);
    }
    if (id === TYPE) region.type = decodeType(view, offset);
    if (id === NVLINK2_SSATGT) region.nvlinkTarget = payload(view, offset, 'NVLink2 target').getBigUint64(0, true);
    if (id === NVLINK2_LNKSPD) region.nvlinkSpeed = payload(view, offset, 'NVLink2 speed').getUint32(0, true);
  }
  return region;
}

/** Offsets in the chain count from the start of the structure; 0 ends it. */
function* capabilityOffsets(view: DataView, first: number): Iterable<number> {
  const visited = new Set<number>();
  for (let offset = first; offset !== 0; offset = view.getUint32(offset + 4, true)) {
    if (visited.has(offset)) throw new StructError(`capability chain runs in a circle at byte ${offset}`);
    if (offset < REGION_INFO_BYTES || offset + CAPABILITY_HEADER_BYTES > view.byteLength) {
      throw new StructError(`capability at byte ${offset} lies outside of ${view.byteLength} bytes`);
    }
    visited.add(offset);
    yield offset;
  }
}

function decodeType(view: DataView, offset: number): { type: number; subtype: number } {
  const body = payload(view, offset, 'type');
  return { type: body.getUint32(0, true), subtype: body.getUint32(4, true) };
}

/** The eight bytes behind the header of a capability that has no more. */
function payload(view: DataView, offset: number, name: string): DataView {
  if (offset + 16 > view.byteLength) throw new StructError(`${name} at byte ${offset} is cut short`);
  return new DataView(view.buffer, view.byteOffset + offset + CAPABILITY_HEADER_BYTES, 8);
}

function decodeSparseAreas(view: DataView, offset: number): SparseArea[] {
  if (offset + 16 > view.byteLength) throw new StructError(`sparse areas at byte ${offset} are cut short`);
  const count = view.getUint32(offset + 8, true);
  if (count > (view.byteLength - offset - 16) / 16) throw new StructError(`${count} sparse areas do not fit`);
  return Array.from({ length: count }, (_, i) => ({
    offsetBytes: view.getBigUint64(offset + 16 + 16 * i, true),
    sizeBytes: view.getBigUint64(offset + 24 + 16 * i, true),
  }));
}

function sized(bytes: Uint8Array, minimum: number, name: string): DataView {
  if (bytes.length < minimum) throw new StructError(`${name} of ${bytes.length} bytes, at least ${minimum} expected`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function flagNames(flags: number, names: readonly [number, string][]): string[] {
  return names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}
