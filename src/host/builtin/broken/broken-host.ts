import type { TreeChanges } from '../changed-tree.ts';
import { GH200 } from '../gh200.ts';
import type { SyntheticGpu, SyntheticHost } from '../synthesize.ts';

/** A host with one thing wrong. */
export interface BrokenHost {
  /** What is wrong, for whoever reads a report of it. */
  what: string;
  /** Id of the finding that says so. */
  finding: string;
  host: SyntheticHost;
  changes?: TreeChanges;
}

/** Hosts by their name behind `builtin:broken-`; made when they are asked for. */
export type BrokenHosts = Readonly<Record<string, () => BrokenHost>>;

/** The GPU of most broken hosts, and its directory. */
export const ADDRESS = '0009:01:00.0';
export const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;

export const KIB = 1n << 10n;
export const MIB = 1n << 20n;
export const GIB = 1n << 30n;

/** Its physical BARs: what it shows through a driver that knows nothing of its memory. */
export const GH200_BARS = [16n * MIB, 128n * GIB, 32n * MIB] as const;

/** The GH200 with a different GPU, or a different host around it. */
export function gh200(gpu: Partial<SyntheticGpu>, host: Partial<SyntheticHost> = {}): SyntheticHost {
  return { ...GH200, ...host, gpus: GH200.gpus.map((built) => ({ ...built, ...gpu })) };
}
