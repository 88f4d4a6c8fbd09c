import { type HostFiles, readTextIfReadable } from '../files.ts';
import { parseNumberList } from './number-list.ts';

/** The CPUs on which this process, and those that it starts, may run; null where /proc does not say. */
export function readOwnCpus(files: HostFiles): number[] | null {
  const status = readTextIfReadable(files, '/proc/self/status') ?? '';
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1];
  return list === undefined ? null : parseNumberList(list);
}
