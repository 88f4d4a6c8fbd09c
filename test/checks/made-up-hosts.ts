import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceFacts } from '../../src/checks/device/facts.ts';
import { UnreadableFileError } from '../../src/host/files.ts';
import type { Host } from '../../src/host/host.ts';
import { collectGpus } from '../../src/vfio/collect.ts';
import { ADDRESS, type FileChanges, graceHost, hopper, openMadeUp } from '../fixtures/grace-host.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';
import { regionBytes, type WrittenRegion } from '../fixtures/vfio-bytes.ts';

export const DEVICE = `/sys/bus/pci/devices/${ADDRESS}`;

/** A kernel of which no check of a healthy host has anything to say. */
export const RELEASE = '6.19.0';

/** A healthy host with one file that is different, or is not there. */
export function changed(path: string, content: string | Uint8Array | null): Host {
  return openMadeUp(graceHost([hopper()], { release: RELEASE }), { files: { [path]: content } });
}

/** A healthy host whose kernel was built with these options. */
export function withConfig(kernelConfig: Record<string, string>, changes?: FileChanges): Host {
  return openMadeUp(graceHost([hopper()], { release: RELEASE, kernelConfig }), changes);
}

/** A healthy host whose kernel does not tell how it was built. */
export function withoutConfig(changes: FileChanges = {}): Host {
  return withConfig({}, changes);
}

/** How the first GPU is asked: opened, and with no catalogue but the one that ships with ghpass, unless said otherwise. */
interface Asking {
  open?: boolean;
  catalogue?: readonly object[] | undefined;
}

/** What the checks of the first GPU look at. */
export async function deviceFacts(host: Host, { open = true, catalogue = [] }: Asking = {}): Promise<DeviceFacts> {
  const file = join(temporaryDirectory(), 'gpus.json');
  writeFileSync(file, JSON.stringify(catalogue));
  const { host: facts, gpus } = await collectGpus(host, [], { open, catalogue: file });
  const [gpu] = gpus;
  if (!gpu) throw new Error('the host has no GPU');
  return { host: facts, gpu, gpus };
}

/** The host as if it were this machine. */
export function asLocal(host: Host): Host {
  return { ...host, source: { kind: 'local', name: 'local', synthetic: null } };
}

/** The host for somebody who may not read ACPI tables, as they are mode 0400. */
export function withoutTables(host: Host): Host {
  const readBytes = (path: string) => {
    if (path.startsWith('/sys/firmware/acpi/tables/')) throw new UnreadableFileError(path, 'EACCES');
    return host.files.readBytes(path);
  };
  return { ...host, files: { ...host.files, readBytes } };
}

/** The host for somebody who may not look into this directory. */
export function withoutDirectory(host: Host, directory: string): Host {
  const list = (path: string) => {
    if (path === directory) throw new UnreadableFileError(path, 'EACCES');
    return host.files.list(path);
  };
  return { ...host, files: { ...host.files, list } };
}

/** The helper's answer with these regions, as a change to the files of a host. */
export function answering(...regions: WrittenRegion[]) {
  const printed = regions.map((region) => ({ index: region.index, info: regionBytes(region).toString('hex') }));
  return vfio({ schema: 1, address: ADDRESS, via: 'cdev', regions: printed, error: null });
}

/** The helper's answer where it came no further than this step. */
export function refusing(step: string, errno: number, path: string | null) {
  return vfio({ schema: 1, address: ADDRESS, via: 'group', error: { step, errno, path } });
}

function vfio(output: object) {
  return { files: { [`/ghpass/vfio/${ADDRESS}.json`]: JSON.stringify(output) } };
}
