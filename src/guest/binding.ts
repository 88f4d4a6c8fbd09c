import { existsSync, writeFileSync } from 'node:fs';
import { GhpassError } from '../errors.ts';
import { readLinkName, readText } from '../host/files.ts';
import { runHelper } from '../host/helper.ts';
import { localFiles } from '../host/local-files.ts';
import { NVGRACE_DRIVER } from '../host/modules-alias.ts';
import { runTool } from '../host/run-tool.ts';
import { errnoName } from '../vfio/errno.ts';
import { type FailedStep, parseVerbError } from '../vfio/protocol.ts';
import type { Journal } from './journal.ts';

const MODULE = 'nvgrace-gpu-vfio-pci';
/** The readiness wait of the driver: 30 s, and 256 s for devices that tell their own time through CXL (Linux 7.2). */
const BIND_DEADLINE_MS = 270_000;
/** Drivers that let go of a device without anybody losing work. */
const IDLE_DRIVERS: readonly (string | null)[] = [null, 'vfio-pci'];

/** Errno of the driver's probe → what it means. */
const BIND_ERRORS: Readonly<Record<string, readonly [code: string, meaning: string]>> = {
  EINVAL: ['driver.bind-einval', 'the memory leaves no usable part of 512 MiB, or the device has no IOMMU group'],
  EOVERFLOW: ['driver.bind-eoverflow', 'firmware announces less memory than the 1 GiB that the driver reserves'],
  EBUSY: ['driver.bind-ebusy', 'BAR0 is held, virtual functions are enabled, or the device is already bound'],
  ENODEV: ['driver.bind-enodev', 'the driver does not take the device'],
  ETIME: ['c2c.not-ready', 'the C2C link or the memory training was not ready within 30 s'],
};

const directoryOf = (address: string) => `/sys/bus/pci/devices/${address}`;

/** @returns null where no driver is bound. */
export function boundDriver(address: string): string | null {
  return readLinkName(localFiles, `${directoryOf(address)}/driver`);
}

/**
 * Binds one GPU of this machine to the variant driver; each change is journalled first. A device on another driver than
 * vfio-pci is refused, because somebody may be using it.
 * @throws GhpassError `driver.in-use`, `driver.module-missing`, `driver.bind-…` by the errno of the driver's probe,
 * `driver.override-lost`, `tool.timeout`. Nothing is undone here: that is the journal's affair.
 */
export async function bindToNvgrace(address: string, journal: Journal): Promise<void> {
  const before = boundDriver(address);
  if (before === NVGRACE_DRIVER) return;
  if (!IDLE_DRIVERS.includes(before)) throw inUse(address, before);
  await loadModule(journal);
  writeOverride(address, NVGRACE_DRIVER, journal);
  journal.record({ kind: 'driver', address, before });
  if (before !== null) await unbind(address, before);
  const error = parseVerbError(await runHelper(['bind', address, NVGRACE_DRIVER], BIND_DEADLINE_MS));
  if (error) throw bindFailed(address, error);
  const now = boundDriver(address);
  if (now === NVGRACE_DRIVER) return;
  throw new GhpassError('check', {
    code: 'driver.override-lost',
    message: `${address}: the kernel accepted the bind, and ${now ?? 'no driver'} is bound`,
    suggestions: [`cat ${directoryOf(address)}/driver_override`],
  });
}

/** Gives a GPU back to the driver that had it, or to none. Does nothing where that is already so. */
export async function restoreDriver(address: string, before: string | null): Promise<void> {
  const now = boundDriver(address);
  if (now === before) return;
  if (now !== null) await unbind(address, now);
  if (before === null) return;
  const error = parseVerbError(await runHelper(['bind', address, before], BIND_DEADLINE_MS));
  if (error) throw bindFailed(address, error);
}

/** Writes the recorded override back; a newline clears it (drivers/pci/pci-sysfs.c, driver_override_store). */
export function restoreOverride(address: string, before: string | null): void {
  if (existsSync(directoryOf(address))) writeFileSync(`${directoryOf(address)}/driver_override`, before ?? '\n');
}

/** Unloads the module where nothing uses it any more; that it stays is no harm. */
export async function unloadModule(name: string): Promise<void> {
  await runTool('modprobe', ['--remove', name]);
}

async function loadModule(journal: Journal): Promise<void> {
  if (existsSync(`/sys/bus/pci/drivers/${NVGRACE_DRIVER}`)) return;
  journal.record({ kind: 'module', name: MODULE });
  const run = await runTool('modprobe', [MODULE]);
  if (run.status === 0) return;
  throw new GhpassError('check', {
    code: 'driver.module-missing',
    message: `modprobe ${MODULE}: ${run.stderr || `status ${run.status}`}`,
    suggestions: ['boot a kernel with CONFIG_NVGRACE_GPU_VFIO_PCI (Linux 6.9 or newer)'],
  });
}

function writeOverride(address: string, driver: string, journal: Journal): void {
  const path = `${directoryOf(address)}/driver_override`;
  const before = readText(localFiles, path);
  journal.record({ kind: 'driver-override', address, before: before === '(null)' || before === '' ? null : before });
  try {
    writeFileSync(path, driver);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code;
    throw new GhpassError(errno === 'EACCES' || errno === 'EPERM' ? 'permission' : 'check', {
      code: 'driver.override-failed',
      message: `${path}: ${errno}`,
      suggestions: [`sudo ghpass bind ${address}`],
      cause: error,
    });
  }
}

async function unbind(address: string, driver: string): Promise<void> {
  const error = parseVerbError(await runHelper(['unbind', address, driver], BIND_DEADLINE_MS));
  if (!error) return;
  throw new GhpassError('check', {
    code: 'driver.unbind-failed',
    message: `${address}: ${driver} does not let go: ${errnoName(error.errno)} (${error.errno})`,
  });
}

function inUse(address: string, driver: string | null): GhpassError {
  return new GhpassError('check', {
    code: 'driver.in-use',
    message: `${address} is bound to ${driver}, which may be using it`,
    suggestions: [
      'systemctl stop nvidia-persistenced nvidia-dcgm   # whatever has /dev/nvidia* open',
      `echo ${address} > /sys/bus/pci/drivers/${driver}/unbind`,
      `ghpass bind ${address}`,
    ],
  });
}

function bindFailed(address: string, { errno, path }: FailedStep): GhpassError {
  const name = errnoName(errno);
  const [code, meaning] = BIND_ERRORS[name] ?? ['driver.bind-failed', 'see the kernel log'];
  return new GhpassError(name === 'EACCES' || name === 'EPERM' ? 'permission' : 'check', {
    code,
    message: `${address}: writing to ${path} failed with ${name} (${errno}): ${meaning}`,
    suggestions: [`ghpass probe ${address}`, `dmesg | grep -e ${address} -e nvgrace`],
  });
}
