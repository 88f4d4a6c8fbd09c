import { type FindOptions, locateGuest } from '../life/find-guest.ts';
import type { DomainConsole } from './domain-console.ts';
import type { GuestConsole } from './guest-console.ts';
import { processConsole } from './process-console.ts';

/**
 * Finds the console of a guest: of ghpass's own processes first, then of libvirt's domains, whoever defined them.
 * @param options.escapeKey key that leaves it, as `^]`.
 * @throws GhpassError `guest.off`, `guest.not-running`, `guest.unknown`, `guest.no-console`, `guest.no-console-log`, and those of `Virsh`.
 */
export async function findConsole(
  name: string,
  options: FindOptions & { escapeKey: string },
): Promise<GuestConsole | DomainConsole> {
  const place = await locateGuest(name, options);
  if ('backend' in place) return processConsole(place);
  const { domainConsole } = await import('./domain-console.ts');
  return domainConsole(name, { ...options, connect: place.connect });
}
