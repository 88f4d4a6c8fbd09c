import { type HostFiles, readText, readTextIfReadable } from '../files.ts';
import { parseNumberList } from './number-list.ts';

/** Which of its CPUs a host has for guests, beside what is online: a node lists no others (drivers/base/node.c). */
export interface CpuSettings {
  /** CPUs that this process may run on, by its cpuset and its affinity; null where /proc does not say. */
  allowed: number[] | null;
  /** CPUs that the kernel's scheduler leaves alone or keeps without a tick (`isolcpus`, `nohz_full`). */
  setAside: number[];
}

const CPUS = '/sys/devices/system/cpu';

export function readCpuSettings(files: HostFiles): CpuSettings {
  const status = readTextIfReadable(files, '/proc/self/status') ?? '';
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1];
  // `nohz_full` has the word (null) where the kernel could have such CPUs and has none.
  const list = (name: string) => parseNumberList(readText(files, `${CPUS}/${name}`) ?? '') ?? [];
  const setAside = new Set([...list('isolated'), ...list('nohz_full')]);
  return {
    allowed: allowed === undefined ? null : parseNumberList(allowed),
    setAside: [...setAside].sort((a, b) => a - b),
  };
}
