import { boardHost } from './board.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

export { GRACE_KERNEL_CONFIG } from './board.ts';

/** A host with one GH200: 94.5 GiB of coherent memory, one socket of 72 CPUs. */
export const GH200 = boardHost(
  {
    device: 0x2342,
    subsystemDevice: 0x16eb,
    memoryBytes: (189n * GIB) / 2n,
    bar0Bytes: 16n * MIB,
    migWorksWithCachedMemory: false,
  },
  ['0009:01:00.0'],
  1,
);
