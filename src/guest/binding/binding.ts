import { existsSync } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { readBytesIfReadable, readLinkName, readText } from '../../host/files.ts';
import { localFiles } from '../../host/local-files.ts';
import { tellsReadinessThroughCxl } from '../../host/pci/dvsec.ts';
import { isNvgrace, NVGRACE_SPELLINGS } from '../../host/pci/modules-alias.ts';
import { runTool } from '../../host/programs/run-tool.ts';
import { errnoName } from '../../vfio/errno.ts';
import type { Journal } from '../journal/journal.ts';
import { askDriver } from './ask-driver.ts';
import { bindFailed } from './bind-failed.ts';
import { requireUnused } from './require-free.ts';

const MODULE = 'nvgrace-gpu-vfio-pci';
/** The driver polls the C2C link and the memory training for 30 s (nvgrace-gpu/main.c, Linux 6.14). */
const BIND_DEADLINE_MS = 40_000;
/** A device that tells its readiness through CXL gets 1 s and then up to 256 s (Linux 7.2). */
const CXL_BIND_DEADLINE_MS = 270_000;
/** NVIDIA's driver starts the GPU's firmware in its probe. */
const GIVE_BACK_DEADLINE_MS = 120_000;
/** Nobody holds the device when it is asked for, so there is nothing to wait for. */
const UNBIND_DEADLINE_MS = 60_000;
/** Waits for nothing but what somebody else does with the device at the same time: at the most, the probe of a driver. */
const OVERRIDE_DEADLINE_MS = CXL_BIND_DEADLINE_MS;

/** What a change of the driver needs beside the device: where to write it down, and whom to tell how long it takes. */
export interface BindingContext {
  journal: Pick<Journal, 'record' | 'environment'>;
  progress(line: string): void;
}

const directoryOf = (address: string) => `/sys/bus/pci/devices/${address}`;

/** @returns null where no driver is bound. */
export function boundDriver(address: string): string | null {
  return readLinkName(localFiles, `${directoryOf(address)}/driver`);
}

/** @returns null where nothing is overridden. */
function readOverride(address: string): string | null {
  const text = readText(localFiles, `${directoryOf(address)}/driver_override`);
  return text === '(null)' || text === '' ? null : text;
}

/**
 * Takes one GPU of this machine from the driver that has it and binds it to the variant driver; each change is journalled
 * first. Whether anybody uses the GPU is to be found out before.
 * @throws GhpassError `driver.module-missing`, `driver.name`, `driver.override-failed`, those of {@link bindFailed} by the
 * errno of the driver's probe, `driver.override-lost`, and those of {@link askDriver}. Nothing is undone here: that is the
 * journal's affair.
 */
export async function bindToNvgrace(address: string, context: BindingContext): Promise<void> {
  const before = boundDriver(address);
  if (isNvgrace(before)) return;
  const driver = await loadDriver(context);
  // The driver is given back after the override, so it is taken before: with another override it would not be bound.
  context.journal.record({ kind: 'driver', address, before });
  if (before !== null) await unbind(address, before, context);
  context.journal.record({ kind: 'driver-override', address, before: readOverride(address) });
  await writeOverride(address, driver, context);
  const asked = await askDriver(
    { verb: 'bind', address, driver, deadlineMs: bindDeadline(address), progress: context.progress },
    context.journal,
  );
  if (asked.error) throw bindFailed(address, { ...asked, error: asked.error });
  requireBinding(address, driver);
}

/** Writes down what a GPU is bound to before somebody else changes it, so that it is as before whatever they do. */
export function recordBinding(address: string, journal: Pick<Journal, 'record'>): void {
  journal.record({ kind: 'driver', address, before: boundDriver(address) });
  journal.record({ kind: 'driver-override', address, before: readOverride(address) });
}

/** Gives a GPU back to the driver that had it, or to none. Does nothing where that is already so. */
export async function restoreDriver(address: string, before: string | null, context: BindingContext): Promise<void> {
  const now = boundDriver(address);
  if (now === before || !existsSync(directoryOf(address))) return;
  if (now !== null) {
    requireUnused(address);
    await unbind(address, now, context);
  }
  if (before !== null) {
    const request = { verb: 'bind', address, driver: before, deadlineMs: GIVE_BACK_DEADLINE_MS } as const;
    const asked = await askDriver({ ...request, progress: context.progress }, context.journal);
    if (asked.error) throw bindFailed(address, { ...asked, error: asked.error });
  }
  const restored = boundDriver(address);
  if (restored === before) return;
  throw new GhpassError('check', {
    code: 'driver.not-restored',
    message: `${address}: ${before ?? 'no driver'} was bound before, and now it is ${restored ?? 'none'}`,
    suggestions: [`ls -l ${directoryOf(address)}/driver`, `cat ${directoryOf(address)}/driver_override`],
  });
}

/** Writes the recorded override back. @throws as {@link bindToNvgrace} does where it is written. */
export async function restoreOverride(address: string, before: string | null, context: BindingContext): Promise<void> {
  if (existsSync(directoryOf(address))) await writeOverride(address, before, context);
}

/** Unloads the module where nothing uses it any more; that it stays is no harm. */
export async function unloadModule(name: string): Promise<void> {
  await runTool('modprobe', ['--remove', name]);
}

/** @returns the name under which the driver is in sysfs. */
async function loadDriver({ journal }: BindingContext): Promise<string> {
  const present = presentDriver();
  if (present) return present;
  journal.record({ kind: 'module', name: MODULE });
  const run = await runTool('modprobe', [MODULE], { env: journal.environment });
  if (run.status !== 0) {
    throw new GhpassError('check', {
      code: 'driver.module-missing',
      message: `modprobe ${MODULE}: ${run.stderr || `status ${run.status}`}`,
      suggestions: ['boot a kernel with CONFIG_NVGRACE_GPU_VFIO_PCI (Linux 6.9 or newer)'],
    });
  }
  const loaded = presentDriver();
  if (loaded) return loaded;
  throw new GhpassError('check', {
    code: 'driver.name',
    message: `${MODULE} is loaded, and /sys/bus/pci/drivers has neither ${NVGRACE_SPELLINGS.join(' nor ')}`,
    suggestions: ['ls /sys/bus/pci/drivers', `dmesg | grep -i nvgrace`],
  });
}

function presentDriver(): string | undefined {
  return NVGRACE_SPELLINGS.find((name) => existsSync(`/sys/bus/pci/drivers/${name}`));
}

async function writeOverride(address: string, driver: string | null, context: BindingContext): Promise<void> {
  const { journal, progress } = context;
  const request = { verb: 'override', address, driver, deadlineMs: OVERRIDE_DEADLINE_MS, progress } as const;
  const { error } = await askDriver(request, journal);
  if (!error) return;
  const errno = errnoName(error.errno);
  throw new GhpassError(errno === 'EACCES' || errno === 'EPERM' ? 'permission' : 'check', {
    code: 'driver.override-failed',
    message: `${directoryOf(address)}/driver_override: ${errno}`,
    suggestions: [`sudo ghpass bind ${address}`],
  });
}

/** What was written is read back: a bind can succeed and leave nothing bound (ydb-platform/nbs#5296). */
function requireBinding(address: string, driver: string): void {
  const now = { driver: boundDriver(address), override: readOverride(address) };
  if (now.driver === driver && now.override === driver) return;
  throw new GhpassError('check', {
    code: 'driver.override-lost',
    message: `${address}: the kernel accepted the bind, and ${now.driver ?? 'no driver'} is bound; driver_override is ${now.override ?? 'empty'}, ${driver} was written`,
    suggestions: [`grep -r driver_override /etc/udev/rules.d /usr/lib/udev/rules.d`, `ghpass bind ${address}`],
  });
}

/** Where the device does not show whether it has the capability, the longer wait: a shorter one would give up too early. */
function bindDeadline(address: string): number {
  const config = readBytesIfReadable(localFiles, `${directoryOf(address)}/config`);
  const throughCxl = config && tellsReadinessThroughCxl(config);
  return throughCxl === false ? BIND_DEADLINE_MS : CXL_BIND_DEADLINE_MS;
}

async function unbind(address: string, driver: string, { journal, progress }: BindingContext): Promise<void> {
  const request = { verb: 'unbind', address, driver, deadlineMs: UNBIND_DEADLINE_MS, progress } as const;
  const { error } = await askDriver(request, journal);
  if (!error) return;
  throw new GhpassError('check', {
    code: 'driver.unbind-failed',
    message: `${address}: ${driver} does not let go: ${errnoName(error.errno)} (${error.errno})`,
  });
}
