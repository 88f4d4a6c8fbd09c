import { GhpassError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { collectGpus } from '../../vfio/collect.ts';
import type { DeviceMemory } from '../../vfio/memory.ts';

/** What of the BARs of each GPU is memory, by its address on the host. A GPU whose memory is not known is missing. */
export type GpuMemory = ReadonlyMap<string, Pick<DeviceMemory, 'usable' | 'reserved'>>;

/** As firmware and the driver's arithmetic say, because the GPU belongs to a guest. A host that cannot say gives nothing. */
export async function readGpuMemory(host: Host, addresses: readonly string[]): Promise<GpuMemory> {
  if (addresses.length === 0) return new Map();
  try {
    const { gpus } = await collectGpus(host, addresses, { open: false });
    return new Map(gpus.flatMap(({ pci, memory }) => (memory.usable ? [[pci.address, memory]] : [])));
  } catch (error) {
    if (error instanceof GhpassError) return new Map();
    throw error;
  }
}
