import { GhpassError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { isNvgrace } from '../host/pci/modules-alias.ts';
import type { PciFunction } from '../host/pci/pci.ts';
import { errnoName } from './errno.ts';
import { type FailedStep, parseDeviceAnswer, type RegionAnswer } from './protocol.ts';
import { decodeRegionInfo, type RegionInfo, StructError } from './structs.ts';

/** BARs are regions 0 to 5 (VFIO_PCI_BAR5_REGION_INDEX). */
export const BAR_COUNT = 6;

/** Whether VFIO can open the devices of a driver. */
export function isVfioDriver(driver: string | null): boolean {
  return driver === 'vfio-pci' || isNvgrace(driver);
}

/** Why the device itself was not asked. */
export type NotOpened =
  | { reason: 'not-wanted' }
  | { reason: 'driver'; driver: string | null }
  | { reason: 'no-answer' }
  | { reason: 'failed'; step: FailedStep; via: 'cdev' | 'group' };

/** What VFIO says of one function. */
export interface FunctionAnswer {
  /** Null where the device was opened. */
  notOpened: NotOpened | null;
  via: 'cdev' | 'group' | null;
  /** Empty where the device was not opened. */
  regions: RegionInfo[];
  /** Why an answer of the kernel could not be decoded; null where all could. */
  undecodable: string | null;
}

/**
 * Asks one function. Opening it resets it twice, so it is opened only where `open` says so, and only where a VFIO driver has
 * it.
 * @throws GhpassError `helper.protocol`, and those of the helper.
 */
export async function askFunction(host: Host, pci: PciFunction, open: boolean): Promise<FunctionAnswer> {
  const answer = await openFunction(host, pci, open);
  if ('notOpened' in answer) return { ...answer, via: null, regions: [], undecodable: null };
  return { notOpened: null, via: answer.via, ...decodeRegions(answer.regions) };
}

type Opened = { via: 'cdev' | 'group'; regions: RegionAnswer[] };

async function openFunction(host: Host, pci: PciFunction, open: boolean): Promise<Opened | { notOpened: NotOpened }> {
  if (!open) return { notOpened: { reason: 'not-wanted' } };
  if (!isVfioDriver(pci.driver)) return { notOpened: { reason: 'driver', driver: pci.driver } };
  const output = await host.askDevice(pci.address);
  if (output === null) return { notOpened: { reason: 'no-answer' } };
  const answer = parseDeviceAnswer(output);
  if (answer.address !== pci.address) {
    throw new GhpassError('tool', {
      code: 'helper.protocol',
      message: `ghpass-vfio was asked for ${pci.address} and answered for ${answer.address}`,
    });
  }
  if (answer.error) return { notOpened: { reason: 'failed', step: answer.error, via: answer.via } };
  return { via: answer.via, regions: answer.regions };
}

/** The kernel refuses regions that a device lacks, VGA for one; a BAR that it refuses makes the layout unknowable. */
function decodeRegions(answers: readonly RegionAnswer[]): { regions: RegionInfo[]; undecodable: string | null } {
  const refused = answers.find(({ index, info }) => index < BAR_COUNT && info === null);
  if (refused) {
    return { regions: [], undecodable: `region ${refused.index} was refused with ${errnoName(refused.errno ?? 0)}` };
  }
  try {
    return { regions: answers.flatMap(({ info }) => (info ? decodeRegionInfo(info) : [])), undecodable: null };
  } catch (error) {
    if (error instanceof StructError) return { regions: [], undecodable: error.message };
    throw error;
  }
}
