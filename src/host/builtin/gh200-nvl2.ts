import { boardHost } from './board.ts';
import type { SyntheticHost } from './synthesize.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** Two GH200 144G HBM3e, each with a socket of its own: 141 GiB each. */
export function gh200Nvl2(): SyntheticHost {
  const product = {
    device: 0x2348,
    subsystemDevice: 0x18d2,
    memoryBytes: 141n * GIB,
    bar0Bytes: 16n * MIB,
    migWorksWithCachedMemory: false,
  };
  return boardHost(product, ['0009:01:00.0', '0019:01:00.0'], 2);
}
