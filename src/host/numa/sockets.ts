import { type HostFiles, readText } from '../files.ts';
import type { NumaFacts } from './numa.ts';

/**
 * The socket of each node with CPUs, as the kernel numbers them (drivers/base/topology.c, physical_package_id). A node is
 * part of one socket, so its first CPU stands for all.
 * @returns node → socket; without the nodes whose CPU does not say.
 */
export function readSockets(files: HostFiles, numa: NumaFacts | null): Map<number, number> {
  const sockets = new Map<number, number>();
  for (const { id, cpus } of numa?.nodes ?? []) {
    const [first] = cpus;
    if (first === undefined) continue;
    const text = readText(files, `/sys/devices/system/cpu/cpu${first}/topology/physical_package_id`) ?? '';
    // Where firmware does not tell, it is -1.
    if (/^\d{1,9}$/.test(text)) sockets.set(id, Number(text));
  }
  return sockets;
}
