import { GhpassError } from '../../errors.ts';
import type { Host } from '../host.ts';
import type { LibvirtFacts } from './libvirt-facts.ts';

/** What came of asking a libvirt: facts, why there are none, or null where there is no virsh to ask with. */
export type LibvirtAnswer = LibvirtFacts | { unanswered: GhpassError } | null;

/** Asks, where an answer is welcome and its want no reason to stop: ghpass runs guests without libvirt, too. */
export async function tryLibvirt(host: Host, uri?: string): Promise<LibvirtAnswer> {
  try {
    return await host.askLibvirt(uri);
  } catch (error) {
    if (error instanceof GhpassError && error.kind !== 'interrupted') return { unanswered: error };
    throw error;
  }
}
