import type { KnownGuest } from '../life/find-guest.ts';
import type { GuestWatch } from './guest-watch.ts';
import type { Observation, Observed } from './observation.ts';
import { ProcessWatch } from './process-watch.ts';

export interface WatchOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  onObserved(seen: Observed): void;
}

const TICK_MS = 1_000;

/**
 * Watches guests until the signal comes. No guest that dies, and no daemon that goes, ends it.
 * One timer is for all: a process that wakes once a second costs less than one that wakes sixteen times.
 */
export async function watchGuests(guests: readonly KnownGuest[], { signal, onObserved }: WatchOptions): Promise<void> {
  if (signal.aborted) return;
  const watches: GuestWatch[] = [];
  const seeAs = (guest: string) => (observation: Observation) => {
    if (!signal.aborted) onObserved({ guest, atMs: Date.now(), ...observation });
  };
  for (const guest of guests) {
    seeAs(guest.name)({ type: 'plan', plan: guest.plan, reason: null });
    if (guest.backend === 'libvirt' && guest.nextBoot) seeAs(guest.name)({ type: 'next-boot', ...guest.nextBoot });
    if (guest.backend === 'qemu') watches.push(new ProcessWatch(guest, seeAs(guest.name)));
  }
  const domains = guests.flatMap((guest) => (guest.backend === 'libvirt' ? [guest] : []));
  if (domains.length > 0) {
    const { watchDomains } = await import('./domain-watch.ts');
    watches.push(...watchDomains(domains, seeAs));
  }
  const tick = () => {
    for (const watch of watches) watch.tick();
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(timer);
  for (const watch of watches) watch.close();
}
