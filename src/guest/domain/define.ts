import { setTimeout as sleep } from 'node:timers/promises';
import { GhpassError } from '../../errors.ts';
import { shellWord } from '../../host/programs/shell-word.ts';
import { droppedBy } from '../../libvirt/read-back.ts';
import type { Virsh } from '../../libvirt/virsh.ts';
import type { Journal } from '../journal/journal.ts';

/** What libvirt says where it has kept nothing of the document. */
const REFUSALS = ['libvirt.invalid-xml', 'libvirt.domain-exists', 'libvirt.permission', 'libvirt.missing'];
/**
 * libvirt goes on with a document that it was sent, whether the virsh that sent it is still there or not; its schema takes some
 * 100 ms. What is undone before that would be done afterwards.
 */
const SETTLE_MS = 2_000;

/**
 * Defines a domain, and reads back what libvirt made of it: what it does not know it drops without a word.
 * @returns the domain as libvirt keeps it.
 * @throws GhpassError `libvirt.dropped` with the paths, and those of `Virsh.define`.
 */
export async function defineAndReadBack(
  virsh: Virsh,
  name: string,
  xml: string,
  { environment }: Pick<Journal, 'environment'>,
): Promise<string> {
  try {
    await virsh.define(xml, { env: environment });
  } catch (error) {
    if (!(error instanceof GhpassError && REFUSALS.includes(error.code))) await sleep(SETTLE_MS);
    throw error;
  }
  const kept = await virsh.dumpXml(name, { inactive: true });
  const dropped = droppedBy(xml, kept);
  if (dropped.length === 0) return kept;
  throw new GhpassError('tool', {
    code: 'libvirt.dropped',
    message: `${name}: libvirt did not keep ${dropped.join(', ')}`,
    suggestions: ['--profile fallback', `virsh --connect ${shellWord(virsh.uri)} version --daemon`],
  });
}
