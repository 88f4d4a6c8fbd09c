import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import type { HostFiles } from '../../host/files.ts';
import { findHolders, type Holder, type Holders, holderRemedy, holderText } from '../../host/kernel/holders.ts';
import { localFiles } from '../../host/local-files.ts';
import { onlineBytes, readOnlineMemory } from '../../host/numa/online-memory.ts';
import { hostDrivenMembers, listPciFunctions, type PciFunction, readPciFunction } from '../../host/pci/pci.ts';
import { formatBytes } from '../../vfio/bytes.ts';
import { isVfioDriver } from '../../vfio/function-answer.ts';
import { announcedRange, type GpuFacts } from '../../vfio/gpu.ts';

/** How long the host's kernel gets to give back memory of a GPU that nobody uses any more. */
export const OFFLINE_WAIT_MS = 30_000;
const POLL_MS = 1_000;

export interface RequireFreeOptions {
  /** How long to wait for memory that is going offline. */
  waitMs: number;
  /** Addresses that the same command binds: they may be in the group. */
  alsoBound: readonly string[];
  progress(line: string): void;
}

/**
 * Refuses a GPU that cannot be taken from the driver that has it: before anything is changed, because NVIDIA's driver can
 * hang for ever when it is unbound from a GPU that is in use.
 * @throws GhpassError `iommu.group-not-viable`, `gpu.vfs-enabled`, `nvidia.holders`, `vfio.busy`, `nvidia.memory-online`.
 */
export async function requireFree(files: HostFiles, gpu: GpuFacts, options: RequireFreeOptions): Promise<void> {
  const { pci } = gpu;
  requireViableGroup(pci, options.alsoBound);
  requireNoVfs(pci);
  if (pci.driver === null) return;
  requireNoHolders(files, pci);
  if (isVfioDriver(pci.driver)) return;
  if (await waitUntilOffline(files, gpu, options)) requireNoHolders(files, pci);
}

function requireViableGroup(pci: PciFunction, alsoBound: readonly string[]): void {
  const members = hostDrivenMembers(pci).filter(({ address }) => !alsoBound.includes(address));
  if (members.length === 0) return;
  const list = members.map(({ address, driver }) => `${address} (${driver})`).join(', ');
  throw new GhpassError('check', {
    code: 'iommu.group-not-viable',
    message: `${pci.address}: its IOMMU group ${pci.iommuGroup} has functions on drivers of the host, with which no guest can get it: ${list}`,
    suggestions: members.map(({ address, driver }) => `echo ${address} > /sys/bus/pci/drivers/${driver}/unbind`),
  });
}

function requireNoVfs({ address, enabledVfs }: PciFunction): void {
  if (!enabledVfs) return;
  throw new GhpassError('check', {
    code: 'gpu.vfs-enabled',
    message: `${address} has ${enabledVfs} virtual functions enabled, and the driver refuses a device that has any`,
    suggestions: [`echo 0 > /sys/bus/pci/devices/${address}/sriov_numvfs`],
  });
}

/**
 * Refuses a GPU that somebody has open. Where not all processes can be looked at, a driver of the host keeps the GPU; VFIO
 * itself waits for whoever has the device open, so there it is tried.
 * @throws GhpassError `nvidia.holders`, or `vfio.busy` where a VFIO driver has the GPU.
 */
export function requireNoHolders(files: HostFiles, pci: PciFunction): void {
  const found = findHolders(files, pci);
  if (found.holders.length > 0) throw held(pci, found.holders);
  if (found.unreadable > 0 && !isVfioDriver(pci.driver)) throw holdersNotKnown(pci, found);
}

/**
 * Refuses to take a GPU of this machine from VFIO as long as somebody has it open: the kernel would wait for them.
 * @throws GhpassError `vfio.busy`.
 */
export function requireUnused(address: string): void {
  const ids = listPciFunctions(localFiles).find((candidate) => candidate.address === address);
  const pci = ids && readPciFunction(localFiles, ids);
  if (pci && isVfioDriver(pci.driver)) requireNoHolders(localFiles, pci);
}

function held({ address, driver }: PciFunction, holders: readonly Holder[]): GhpassError {
  return new GhpassError('check', {
    code: isVfioDriver(driver) ? 'vfio.busy' : 'nvidia.holders',
    message: `${address} is bound to ${driver} and in use: ${holders.map(holderText).join('; ')}`,
    suggestions: holderRemedy(holders),
  });
}

function holdersNotKnown({ address, driver }: PciFunction, { unreadable }: Holders): GhpassError {
  return new GhpassError('permission', {
    code: 'nvidia.holders',
    message: `${address} is bound to ${driver}, and whether it is in use is not known, because the open files of ${unreadable} processes cannot be read`,
    suggestions: [`sudo ghpass bind ${address}`],
  });
}

/**
 * @returns whether there was something to wait for.
 * @throws GhpassError `nvidia.memory-online`.
 */
async function waitUntilOffline(files: HostFiles, gpu: GpuFacts, options: RequireFreeOptions): Promise<boolean> {
  const { address } = gpu.pci;
  const start = Date.now();
  for (let waited = false; ; waited = true) {
    const bytes = onlineBytes(readOnlineMemory(files), announcedRange(gpu.acpi));
    if (bytes === 0n) return waited;
    const elapsedMs = Date.now() - start;
    if (bytes === null || elapsedMs >= options.waitMs) throw stillOnline(address, bytes, elapsedMs);
    options.progress(
      `${address}: the host still uses ${formatBytes(bytes)} of its memory: ${Math.round(elapsedMs / 1000)} s of at most ${Math.round(options.waitMs / 1000)} s`,
    );
    await sleep(POLL_MS);
  }
}

function stillOnline(address: string, bytes: bigint | null, elapsedMs: number): GhpassError {
  if (bytes === null) {
    return new GhpassError('permission', {
      code: 'nvidia.memory-online',
      message: `${address}: whether the host uses its memory is not known, because /proc/iomem does not show addresses`,
      suggestions: [`sudo ghpass bind ${address}`],
    });
  }
  return new GhpassError('check', {
    code: 'nvidia.memory-online',
    message: `${address}: after ${Math.round(elapsedMs / 1000)} s the host still uses ${formatBytes(bytes)} of its memory, as "System RAM (NVIDIA)" of /proc/iomem; a guest that got it would overwrite what is in it`,
    suggestions: [
      "grep -n 'System RAM (NVIDIA)' /proc/iomem",
      'ghpass bind --wait SECONDS …   # memory that is in use moves away slowly',
      'modprobe --remove nvidia_uvm nvidia   # gives all of it back, where nothing uses the driver',
    ],
  });
}
