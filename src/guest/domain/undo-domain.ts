import type { Change } from '../../host/journal-lines.ts';
import { Virsh } from '../../libvirt/virsh.ts';

/** A domain as it was before: gone where there was none, else its old definition. Another domain of that name is left alone. */
export async function undoDomain({ uri, uuid, before }: Extract<Change, { kind: 'domain' }>): Promise<void> {
  const virsh = new Virsh(uri);
  const found = (await virsh.list()).find((domain) => domain.uuid === uuid);
  if (before !== null) {
    if (!found || (await virsh.dumpXml(found.name, { inactive: true })) !== before) await virsh.define(before);
    return;
  }
  if (!found) return;
  if ((await virsh.state(found.name)) !== 'shut off') await virsh.destroy(found.name);
  await virsh.undefine(found.name, { nvram: true });
}
