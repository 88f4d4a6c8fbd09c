import { GhpassError } from '../../errors.ts';
import { droppedBy } from '../../libvirt/read-back.ts';
import type { Virsh } from '../../libvirt/virsh.ts';

/**
 * Defines a domain, and reads back what libvirt made of it: what it does not know it drops without a word.
 * @returns the domain as libvirt keeps it.
 * @throws GhpassError `libvirt.dropped` with the paths, and those of `Virsh.define`.
 */
export async function defineAndReadBack(virsh: Virsh, name: string, xml: string): Promise<string> {
  await virsh.define(xml);
  const kept = await virsh.dumpXml(name, { inactive: true });
  const dropped = droppedBy(xml, kept);
  if (dropped.length === 0) return kept;
  throw new GhpassError('tool', {
    code: 'libvirt.dropped',
    message: `${name}: libvirt did not keep ${dropped.join(', ')}`,
    suggestions: ['--profile fallback', `virsh --connect ${virsh.uri} version --daemon`],
  });
}
