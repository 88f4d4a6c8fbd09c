import { hostname } from 'node:os';
import { type HostFiles, readText } from '../files.ts';
import { runVirsh } from './run-virsh.ts';

/** What tells one machine from another. */
export interface Machine {
  hostname: string;
  /** Of its SMBIOS; null where it is not known, or not for this user. */
  uuid: string | null;
}

/**
 * Where libvirt takes the UUID of its host from, too (src/util/viruuid.c). Where there is none it makes one up, and so says
 * nothing about a machine that has none.
 */
const PRODUCT_UUID = '/sys/class/dmi/id/product_uuid';

/** This machine. */
export function thisMachine(files: HostFiles): Machine {
  return { hostname: hostname(), uuid: readText(files, PRODUCT_UUID)?.trim().toLowerCase() || null };
}

/**
 * The machine on which the libvirt at a URI runs its guests.
 * @throws GhpassError those of `runVirsh`.
 */
export async function machineOf(uri: string): Promise<Machine> {
  const [name, capabilities] = await Promise.all([runVirsh(uri, ['hostname']), runVirsh(uri, ['capabilities'])]);
  const uuid = /<host>\s*<uuid>([^<]+)<\/uuid>/.exec(capabilities)?.[1];
  return { hostname: name.trim(), uuid: uuid?.toLowerCase() ?? null };
}

/** By UUID where both have one, else by the name without its domain, which libvirt looks up in DNS. */
export function isSameMachine(one: Machine, other: Machine): boolean {
  if (one.uuid !== null && other.uuid !== null) return one.uuid === other.uuid;
  const [a, b] = [one, other].map(({ hostname: name }) => name.split('.')[0]?.toLowerCase());
  return a === b;
}

/**
 * Whether a URI may lead to another machine: it names a host, or a socket that may have been forwarded, or is an alias out of
 * libvirt.conf (docs/uri.rst).
 */
export function mayLeadElsewhere(uri: string): boolean {
  const [, authority, query = ''] = /^[^:/?]+:\/\/([^/?]*)[^?]*(\?.*)?$/.exec(uri) ?? [];
  return authority !== '' || /[?&]socket=/.test(query);
}
