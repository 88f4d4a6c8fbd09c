import { type HostFiles, readBytesIfReadable } from '../files.ts';
import { type PciFunction, type PciIds, readPciFunction } from './pci.ts';

const DEVICES = '/sys/bus/pci/devices';
const DEVICE_TREE = '/sys/firmware/devicetree/base';
export const IBM = 0x1014;

/** What the device tree of a POWER9 host says of a GPU whose memory its processor reaches through NVLink2. */
export interface NvlinkFacts {
  /** Functions of the NPU, one for each link; the kernel takes the rest from the first (vfio_pci_nvlink2.c). */
  bridges: PciFunction[];
  /** The window in which the GPU's memory is; the memory itself is shorter. Null where the tree does not say. */
  window: { base: bigint; sizeBytes: bigint } | null;
  /** The same place in NVLink2's own address space (`ibm,device-tgt-addr`); null where the tree does not say. */
  target: bigint | null;
}

/**
 * The NVLinks of one function: its device-tree node names them in `ibm,npu` (skiboot, hw/npu2.c; Linux,
 * arch/powerpc/platforms/powernv/npu-dma.c, pnv_pci_get_npu_dev). Configuration space says nothing of them.
 * @param functions all functions of the host.
 * @returns null where the function has no such node: any host but a POWER9 with NVLink2.
 */
export function readNvlink(files: HostFiles, functions: readonly PciIds[], address: string): NvlinkFacts | null {
  const wanted = cells(files, `${nodeOf(address)}/ibm,npu`);
  if (wanted.length === 0) return null;
  const byHandle = new Map(
    functions
      .filter(({ vendor }) => vendor === IBM)
      .flatMap((ids) => cells(files, `${nodeOf(ids.address)}/phandle`).map((handle) => [handle, ids] as const)),
  );
  const bridges = wanted.flatMap((handle) => byHandle.get(handle) ?? []);
  const first = bridges[0] ? nodeOf(bridges[0].address) : null;
  return {
    bridges: bridges.map((ids) => readPciFunction(files, ids)),
    window: first === null ? null : readWindow(files, cells(files, `${first}/memory-region`)[0]),
    target: (first === null ? null : longs(files, `${first}/ibm,device-tgt-addr`)[0]) ?? null,
  };
}

function nodeOf(address: string): string {
  return `${DEVICES}/${address}/of_node`;
}

/** GPU memory is a `memory@…` node at the root, "ibm,coherent-device-memory" (skiboot, npu2_create_memory_dn). */
function readWindow(files: HostFiles, handle: number | undefined): NvlinkFacts['window'] {
  if (handle === undefined) return null;
  for (const name of files.list(DEVICE_TREE)) {
    const node = `${DEVICE_TREE}/${name}`;
    if (!name.startsWith('memory@') || cells(files, `${node}/phandle`)[0] !== handle) continue;
    const [base, sizeBytes] = longs(files, `${node}/reg`);
    return base === undefined || sizeBytes === undefined ? null : { base, sizeBytes };
  }
  return null;
}

/** A property of the device tree as 32-bit cells, which are big-endian; empty where it is absent. */
function cells(files: HostFiles, path: string): number[] {
  const view = property(files, path);
  return Array.from({ length: Math.floor(view.byteLength / 4) }, (_, i) => view.getUint32(4 * i));
}

function longs(files: HostFiles, path: string): bigint[] {
  const view = property(files, path);
  return Array.from({ length: Math.floor(view.byteLength / 8) }, (_, i) => view.getBigUint64(8 * i));
}

function property(files: HostFiles, path: string): DataView {
  const bytes = readBytesIfReadable(files, path) ?? new Uint8Array();
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
