import type { KnownGuest } from '../../guest/life/find-guest.ts';
import type { GpuMemory } from '../../guest/monitor/gpu-memory.ts';
import type { Observed } from '../../guest/monitor/observation.ts';
import { type GuestView, reduceView, unseenGuest } from '../../guest/monitor/view.ts';

/** What is shown: all that was seen of the guests so far. */
export class MonitorModel {
  private readonly byName: Map<string, GuestView>;
  private readonly listeners = new Set<() => void>();
  private isToldSoon = false;

  constructor(
    private readonly guests: readonly KnownGuest[],
    readonly memory: GpuMemory,
  ) {
    this.byName = new Map(guests.map(({ name, backend, plan }) => [name, unseenGuest(name, backend, plan)]));
  }

  get views(): GuestView[] {
    return [...this.byName.values()];
  }

  guestOf(name: string): KnownGuest {
    const guest = this.guests.find((one) => one.name === name);
    if (guest === undefined) throw new Error(`no guest ${name} is watched`);
    return guest;
  }

  /** @returns what was known before, and what is now. */
  take(seen: Observed): { before: GuestView; after: GuestView } {
    const before = this.byName.get(seen.guest);
    if (before === undefined) throw new Error(`no guest ${seen.guest} is watched`);
    const after = reduceView(before, seen);
    this.byName.set(seen.guest, after);
    this.tellSoon();
    return { before, after };
  }

  /** Whether nothing is left to be watched, unless a guest comes back. */
  get areAllGone(): boolean {
    return this.views.every(({ state }) => state === 'off' || state === 'died');
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Once for all that is seen at the same time. */
  private tellSoon(): void {
    if (this.isToldSoon || this.listeners.size === 0) return;
    this.isToldSoon = true;
    setImmediate(() => {
      this.isToldSoon = false;
      for (const listener of this.listeners) listener();
    });
  }
}
