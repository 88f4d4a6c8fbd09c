import type { HostFiles } from '../files.ts';
import { readText } from '../files.ts';
import { parseNumberList } from './number-list.ts';

const NODES = '/sys/devices/system/node';

/** One online NUMA node. */
export interface NumaNode {
  id: number;
  cpus: number[];
  /** Memory of the node in bytes; null where it is not known. */
  memoryBytes: bigint | null;
  freeBytes: bigint | null;
  /** Relative distance to each online node, in the order of their ids. */
  distances: number[];
}

/** NUMA as the kernel shows it, on a host or in a guest. */
export interface NumaFacts {
  /** Every id that the kernel made room for from the firmware's tables. */
  possible: number[];
  withGenericInitiator: number[];
  nodes: NumaNode[];
}

/** @returns null where the kernel shows no NUMA nodes at all. */
export function readNumaFacts(files: HostFiles): NumaFacts | null {
  const list = (path: string) => parseNumberList(readText(files, path) ?? '') ?? [];
  const online = list(`${NODES}/online`);
  if (online.length === 0) return null;
  return {
    possible: list(`${NODES}/possible`),
    withGenericInitiator: list(`${NODES}/has_generic_initiator`),
    nodes: online.map((id) => {
      const memory = readText(files, `${NODES}/node${id}/meminfo`) ?? '';
      return {
        id,
        cpus: list(`${NODES}/node${id}/cpulist`),
        memoryBytes: readMeminfo(memory, 'MemTotal'),
        freeBytes: readMeminfo(memory, 'MemFree'),
        distances: readDistances(readText(files, `${NODES}/node${id}/distance`) ?? ''),
      };
    }),
  };
}

/** `10 80 80` → numbers of up to 255; empty where it is something else. */
function readDistances(text: string): number[] {
  return /^[\d ]*$/.test(text) ? text.split(' ').filter(Boolean).map(Number) : [];
}

/** `Node 0 MemTotal: 16 kB` → bytes. */
function readMeminfo(text: string, field: string): bigint | null {
  const match = new RegExp(`${field}:\\s+(\\d{1,16}) kB`).exec(text);
  return match?.[1] ? BigInt(match[1]) * 1024n : null;
}
