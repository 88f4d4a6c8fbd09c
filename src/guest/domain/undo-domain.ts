import { GhpassError } from '../../errors.ts';
import type { Change } from '../../host/journal-lines.ts';
import { type DomainEntry, Virsh } from '../../libvirt/virsh.ts';
import type { Journal } from '../journal.ts';

type DomainChange = Extract<Change, { kind: 'domain' }>;

/** A start that is still going on when its domain is ended leaves a guest without a definition, which is ended, too. */
const ATTEMPTS = 3;

/** A domain as it was before: gone where there was none, else its old definition. Another domain of that name is left alone. */
export async function undoDomain(
  { uri, uuid, before }: DomainChange,
  { environment }: Pick<Journal, 'environment'>,
): Promise<void> {
  const virsh = new Virsh(uri, { env: environment });
  if (before === null) return removeDomain(virsh, uuid);
  const found = await findDomain(virsh, uuid);
  if (!found || (await virsh.dumpXml(found.name, { inactive: true })) !== before) await virsh.define(before);
}

async function removeDomain(virsh: Virsh, uuid: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await findDomain(virsh, uuid);
    if (!found) return;
    try {
      if ((await virsh.state(found.name)) !== 'shut off') await virsh.destroy(found.name);
      await virsh.undefine(found.name, { nvram: true });
    } catch (error) {
      if (attempt === ATTEMPTS || !hasChangedMeanwhile(error)) throw error;
    }
  }
}

function hasChangedMeanwhile(error: unknown): boolean {
  return error instanceof GhpassError && ['libvirt.no-domain', 'libvirt.domain-state'].includes(error.code);
}

async function findDomain(virsh: Virsh, uuid: string): Promise<DomainEntry | undefined> {
  return (await virsh.list()).find((domain) => domain.uuid === uuid);
}
