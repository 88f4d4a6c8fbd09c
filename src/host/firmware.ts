import type { HostFiles } from './files.ts';
import { readText } from './files.ts';
import { runTool, type ToolRun } from './programs/run-tool.ts';

/** A UEFI image for `-machine virt`, as its firmware descriptor describes it. */
export interface FirmwareFacts {
  /** The read-only code image. */
  code: string;
  /** The variable store that each guest gets a copy of. */
  variablesTemplate: string;
  format: 'raw' | 'qcow2';
  /** The package that the image belongs to; null where no package manager knows it. */
  package: { name: string; version: string } | null;
}

/** Search path of docs/interop/firmware.json (QEMU): a file in a later directory is hidden by its namesake in an earlier one. */
const DESCRIPTOR_DIRECTORIES = ['/etc/qemu/firmware', '/usr/share/qemu/firmware'];
/** Images that refuse an unsigned kernel, or that want hardware which the virt machine lacks. */
const UNWANTED_FEATURES = new Set(['secure-boot', 'enrolled-keys', 'requires-smm']);

interface Descriptor {
  'interface-types'?: string[];
  mapping?: {
    device?: string;
    executable?: { filename: string; format: 'raw' | 'qcow2' };
    'nvram-template'?: { filename: string; format: 'raw' | 'qcow2' };
  };
  targets?: { architecture: string; machines: string[] }[];
  features?: string[];
}

/** UEFI images for aarch64 guests, in the order of preference that the descriptors' names give. */
export async function findFirmware(files: HostFiles): Promise<FirmwareFacts[]> {
  const found: FirmwareFacts[] = [];
  for (const path of descriptorPaths(files)) {
    const image = parseDescriptor(readText(files, path) ?? '');
    if (image) found.push({ ...image, package: await askPackage(image.code) });
  }
  return found;
}

function descriptorPaths(files: HostFiles): string[] {
  const byName = new Map<string, string>();
  for (const directory of [...DESCRIPTOR_DIRECTORIES].reverse()) {
    for (const name of files.list(directory)) {
      if (name.endsWith('.json')) byName.set(name, `${directory}/${name}`);
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** @returns null where the descriptor is for another machine or another kind of firmware. */
function parseDescriptor(text: string): Omit<FirmwareFacts, 'package'> | null {
  let descriptor: Descriptor;
  try {
    descriptor = JSON.parse(text) as Descriptor;
  } catch {
    return null;
  }
  const { mapping } = descriptor;
  const isForVirt = descriptor.targets?.some(
    ({ architecture, machines }) => architecture === 'aarch64' && machines.some((name) => /^virt(-|$)/.test(name)),
  );
  const isUefiFlash = descriptor['interface-types']?.includes('uefi') && mapping?.device === 'flash';
  if (!isForVirt || !isUefiFlash || descriptor.features?.some((feature) => UNWANTED_FEATURES.has(feature))) return null;
  if (!mapping.executable || !mapping['nvram-template']) return null;
  return {
    code: mapping.executable.filename,
    variablesTemplate: mapping['nvram-template'].filename,
    format: mapping.executable.format,
  };
}

/** The owner of a file according to dpkg, else rpm. */
async function askPackage(path: string): Promise<FirmwareFacts['package']> {
  const owner = await query('dpkg-query', ['-S', path]);
  const name = owner?.split(':')[0];
  if (name) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query expands it
    const version = await query('dpkg-query', ['-W', '-f', '${Version}', name]);
    return version ? { name, version } : null;
  }
  const rpm = await query('rpm', ['-qf', '--queryformat', '%{NAME} %{VERSION}-%{RELEASE}', path]);
  const [rpmName, version] = rpm?.split(' ') ?? [];
  return rpmName && version ? { name: rpmName, version } : null;
}

async function query(command: string, args: readonly string[]): Promise<string | null> {
  const run: ToolRun | null = await runTool(command, args).catch(() => null);
  return run?.status === 0 ? run.stdout : null;
}
