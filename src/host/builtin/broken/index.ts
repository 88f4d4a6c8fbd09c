import type { FileTree } from '../../memory-files.ts';
import { changedTree } from '../changed-tree.ts';
import type { BrokenHost } from './broken-host.ts';
import { BROKEN_DEVICES } from './device.ts';
import { BROKEN_DRIVERS } from './driver.ts';
import { BROKEN_IOMMUS } from './iommu.ts';
import { BROKEN_KERNELS } from './kernel.ts';
import { BROKEN_STACKS } from './stack.ts';

/** One host for each class of failure that ghpass can see, by its name behind `builtin:`. */
export const BROKEN_HOSTS: Readonly<Record<string, () => BrokenHost>> = Object.fromEntries(
  [BROKEN_KERNELS, BROKEN_IOMMUS, BROKEN_DRIVERS, BROKEN_DEVICES, BROKEN_STACKS].flatMap((hosts) =>
    Object.entries(hosts).map(([name, make]) => [`broken-${name}`, make] as const),
  ),
);

/** The files of a broken host; what is wrong stands beside what its numbers are. */
export function breakHost({ what, host, changes = {} }: BrokenHost): FileTree {
  return changedTree({ ...host, about: `${what}; ${host.about}` }, changes);
}
