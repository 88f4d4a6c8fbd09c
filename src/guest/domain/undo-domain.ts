import { GhpassError } from '../../errors.ts';
import type { Change } from '../../host/journal-lines.ts';
import { type DomainEntry, Virsh } from '../../libvirt/virsh.ts';
import type { Journal } from '../journal/journal.ts';

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

/** A domain that does not run any more, however it is defined. */
export async function endDomain(
  { uri, uuid }: Extract<Change, { kind: 'domain-run' }>,
  { environment }: Pick<Journal, 'environment'>,
): Promise<void> {
  await untilDone(new Virsh(uri, { env: environment }), uuid, endIfRunning);
}

function removeDomain(virsh: Virsh, uuid: string): Promise<void> {
  return untilDone(virsh, uuid, async (name) => {
    await endIfRunning(name, virsh);
    await virsh.undefine(name, { nvram: true });
  });
}

async function endIfRunning(name: string, virsh: Virsh): Promise<void> {
  if ((await virsh.state(name)) !== 'shut off') await virsh.destroy(name);
}

async function untilDone(
  virsh: Virsh,
  uuid: string,
  action: (name: string, virsh: Virsh) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await findDomain(virsh, uuid);
    if (!found) return;
    try {
      return await action(found.name, virsh);
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
