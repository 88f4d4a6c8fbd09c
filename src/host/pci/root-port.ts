import type { HostFiles } from '../files.ts';
import { isPciAddress } from './pci-address.ts';

/**
 * The port that a function is behind, from its place in sysfs: `…/pci0009:00/0009:00:00.0/0009:01:00.0`.
 * @returns null for a function of the root bus, and where its place is not known.
 */
export function readRootPort(files: HostFiles, address: string): string | null {
  const target = files.readLink(`/sys/bus/pci/devices/${address}`) ?? '';
  return target.split('/').find((part) => isPciAddress(part) && part !== address) ?? null;
}
