import { boardHost } from './board.ts';
import type { SyntheticHost } from './synthesize.ts';

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** Addresses of the GPUs of a two-socket board of the Blackwell generation, two for each socket. */
const ADDRESSES = ['0008:01:00.0', '0009:01:00.0', '0018:01:00.0', '0019:01:00.0'];
const BLACKWELL = { bar0Bytes: 64n * MIB, migWorksWithCachedMemory: true };

/** Four GB200 on two sockets: 189471 MiB each, all of it in one region. */
export function gb200Nvl4(): SyntheticHost {
  const product = { ...BLACKWELL, device: 0x2941, subsystemDevice: 0x2046, memoryBytes: 189_471n * MIB };
  return boardHost(product, ADDRESSES, 2);
}

/** Four GB300 on two sockets: 277 GiB each, so that each takes a BAR of 512 GiB. Their id came with Linux 6.18. */
export function gb300Nvl4(): SyntheticHost {
  const product = { ...BLACKWELL, device: 0x31c2, subsystemDevice: 0x21f1, memoryBytes: 277n * GIB };
  return { ...boardHost(product, ADDRESSES, 2), release: '6.18.0' };
}
