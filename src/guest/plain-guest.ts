import type { HostFacts } from '../host/facts.ts';
import { DEFAULT_PLACEMENT, type GuestRequest } from '../plan/request.ts';
import { GIB } from '../vfio/bytes.ts';

/** Memory of a guest of create-vm if none is named, and the least that one can have. */
const PLAIN_BYTES = 16n * GIB;
const LEAST_BYTES = GIB / 2n;

/**
 * What create-vm would start if nothing but a name was given, with all GPUs; on a small host with half of the memory that is
 * free, because the question is whether it can run guests, and not how large they are.
 */
export function plainGuest({ availableMemoryBytes }: HostFacts): GuestRequest {
  const half = Number((availableMemoryBytes ?? 2n * PLAIN_BYTES) / 2n / LEAST_BYTES);
  const parts = Math.max(1, Math.min(half, Number(PLAIN_BYTES / LEAST_BYTES)));
  return {
    name: 'plain-guest',
    memoryBytes: BigInt(parts) * LEAST_BYTES,
    vcpus: 4,
    accelerator: null,
    iommufd: null,
    boot: { kernel: null, initrd: null, append: null, disks: [] },
    network: null,
    placement: DEFAULT_PLACEMENT,
  };
}
