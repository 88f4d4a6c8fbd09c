import { GhpassError } from '../../errors.ts';
import { GHPASS_NAMESPACE } from '../../libvirt/record.ts';
import { type DomainEntry, Virsh } from '../../libvirt/virsh.ts';
import type { GuestEntry } from '../life/guest-entry.ts';
import { stateOfDomain } from '../life/guest-state.ts';

/** So many virsh at a time. */
const AT_ONCE = 8;

/**
 * The domains of a libvirt that ghpass gave GPUs to, and did not make.
 * @param own UUIDs of those that it made.
 * @throws GhpassError those of `Virsh`.
 */
export async function foreignGuests(
  uri: string,
  own: readonly (string | undefined)[],
  signal: AbortSignal,
): Promise<GuestEntry[]> {
  const virsh = new Virsh(uri, { signal });
  const domains = (await virsh.list()).filter(({ uuid }) => !own.includes(uuid));
  const entries: GuestEntry[] = [];
  for (let i = 0; i < domains.length; i += AT_ONCE) {
    const some = domains.slice(i, i + AT_ONCE);
    entries.push(...(await Promise.all(some.map((domain) => foreignGuest(virsh, domain)))).flat());
  }
  return entries;
}

/** @returns nothing for a domain without GPUs of ghpass, or that is gone meanwhile. */
async function foreignGuest(virsh: Virsh, { name, uuid }: DomainEntry): Promise<GuestEntry[]> {
  try {
    const xml = await virsh.dumpXml(name, { inactive: true });
    if (!xml.includes(GHPASS_NAMESPACE)) return [];
    const { readDomain } = await import('../../libvirt/read-domain.ts');
    const { gpus, vcpus, memoryBytes } = readDomain(xml);
    if (gpus.length === 0) return [];
    const seen = await stateOfDomain(virsh, uuid, null);
    return [{ name, backend: 'libvirt', uri: virsh.uri, vcpus, memoryBytes, gpus: [...gpus], own: false, ...seen }];
  } catch (error) {
    if (error instanceof GhpassError && ['libvirt.no-domain', 'domain.unreadable'].includes(error.code)) return [];
    throw error;
  }
}
