import type { LibvirtFacts } from '../../host/libvirt/libvirt-facts.ts';
import type { NotKnown, Observation } from '../check.ts';
import type { HostCheckFacts } from './facts.ts';

/** What a check looks at that is about libvirt alone. */
export const ASKED_OF_LIBVIRT = 'what virsh makes of a small domain (domxml-to-native)';

/** Observations of a libvirt that answers. Where there is none, there is nothing to say: ghpass starts QEMU without it. */
export function ofLibvirt(
  { libvirt }: HostCheckFacts,
  observe: (libvirt: LibvirtFacts) => Observation[],
): Observation[] | NotKnown {
  if (libvirt === null) return [];
  if ('unanswered' in libvirt) return { notKnown: libvirt.unanswered.message };
  return observe(libvirt);
}

/** How a libvirt is named in a sentence. */
export function nameOf({ version }: LibvirtFacts): string {
  return `libvirt ${version.join('.')}`;
}
