import { readFileSync } from 'node:fs';
import { GhpassError } from '../../errors.ts';
import { SYSTEM_URI } from '../../host/libvirt/run-virsh.ts';
import { type DomainEvent, listenToDomains } from '../../libvirt/domain-events.ts';
import { type DomainStats, parseDomainStats } from '../../libvirt/domain-stats.ts';
import { VirshShell } from '../../libvirt/virsh-shell.ts';
import { startTimeOf } from '../journal/process-identity.ts';
import type { DomainGuest } from '../life/find-guest.ts';
import { ConsoleTail } from './console-tail.ts';
import { domainState } from './domain-state.ts';
import type { GuestWatch } from './guest-watch.ts';
import type { Observation, WatchedState } from './observation.ts';
import { startedAtMs } from './started-at.ts';

/** Of all domains, and without waiting for one that something else is done to. */
const QUESTION = 'domstats --raw --state --vcpu --balloon --nowait';
/** A daemon that does not answer for so long is not there. */
const PATIENCE_TICKS = 2;

interface Watched {
  guest: DomainGuest;
  console: ConsoleTail | null;
  see(observation: Observation): void;
  wasRunning: boolean;
}

/** Watches domains, each libvirt with two virsh: one that tells of events, and one that is asked once a second. */
export function watchDomains(
  guests: readonly DomainGuest[],
  seeAs: (guest: string) => (observation: Observation) => void,
): GuestWatch[] {
  const uris = [...new Set(guests.map(({ uri }) => uri))];
  return uris.map((uri) => {
    const here = guests.filter((guest) => guest.uri === uri);
    return new LibvirtWatch(
      uri,
      here.map((guest) => ({
        guest,
        console: guest.consoleLog === null ? null : new ConsoleTail(guest.consoleLog),
        see: seeAs(guest.name),
        wasRunning: false,
      })),
    );
  });
}

class LibvirtWatch implements GuestWatch {
  private readonly shell: VirshShell;
  private stopListening: (() => void) | null = null;
  private ticksWithoutAnswer = 0;
  private isAskedAgain = false;
  private contact: 'unknown' | 'there' | 'lost' = 'unknown';
  private isClosed = false;

  constructor(
    private readonly uri: string,
    private readonly domains: readonly Watched[],
  ) {
    this.shell = new VirshShell(uri);
  }

  tick(): void {
    for (const { console, see } of this.domains) {
      const added = console?.read();
      if (added) see({ type: 'console', ...added });
    }
    if (!this.shell.isBusy) void this.ask();
    else if (++this.ticksWithoutAnswer >= PATIENCE_TICKS) this.lose(`libvirt at ${this.uri} does not answer`);
  }

  close(): void {
    this.isClosed = true;
    this.shell.close();
    this.stopListening?.();
  }

  private async ask(): Promise<void> {
    try {
      const stats = parseDomainStats(await this.shell.ask(QUESTION));
      this.ticksWithoutAnswer = 0;
      if (this.isClosed) return;
      this.regain();
      for (const domain of this.domains) tellStats(domain, stats.get(domain.guest.name) ?? null);
    } catch (error) {
      if (!this.isClosed) this.lose(error instanceof GhpassError ? error.message : String(error));
      return;
    }
    if (!this.isAskedAgain) return;
    this.isAskedAgain = false;
    await this.ask();
  }

  private hear({ domain: name, name: event, detail }: DomainEvent): void {
    const domain = this.domains.find(({ guest }) => guest.name === name);
    domain?.see({ type: 'event', name: event, data: detail === '' ? {} : { detail } });
    // The event says that there is something new, and libvirt itself what.
    if (this.shell.isBusy) this.isAskedAgain = true;
    else void this.ask();
  }

  /** Listens to events as soon as somebody answers. */
  private regain(): void {
    const wasLost = this.contact !== 'there';
    this.contact = 'there';
    if (this.stopListening !== null) return;
    const names = this.domains.map(({ guest }) => guest.name);
    this.stopListening = listenToDomains(this.uri, names, {
      onEvent: (event) => this.hear(event),
      onEnd: () => {
        this.stopListening = null;
        if (!this.isClosed && this.contact === 'there') this.lose(`libvirt at ${this.uri} closed the connection`);
      },
    });
    if (wasLost) this.tell({ type: 'watching', by: 'events', note: null });
  }

  private lose(reason: string): void {
    if (this.contact === 'lost') return;
    this.contact = 'lost';
    this.tell({ type: 'watching', by: 'nothing', note: reason });
    this.tell({ type: 'state', state: 'unknown', detail: reason });
  }

  private tell(observation: Observation): void {
    for (const { see } of this.domains) see(observation);
  }
}

const WITH_PROCESS: ReadonlySet<WatchedState> = new Set([
  'starting',
  'running',
  'paused',
  'failed',
  'panicked',
  'ending',
]);

function tellStats(domain: Watched, stats: DomainStats | null): void {
  const { see, guest } = domain;
  if (stats === null) {
    domain.wasRunning = false;
    see({ type: 'state', state: 'off', detail: `libvirt has no domain ${guest.name}` });
    return;
  }
  const { state, detail } = domainState(stats);
  const isRunning = WITH_PROCESS.has(state);
  if (isRunning && !domain.wasRunning) see({ type: 'started', ...processOf(guest) });
  domain.wasRunning = isRunning;
  see({ type: 'state', state, detail });
  if (!isRunning) return;
  const { vcpus, residentBytes, balloonBytes } = stats;
  see({ type: 'sample', vcpus, residentBytes });
  if (balloonBytes !== null) see({ type: 'balloon', actualBytes: balloonBytes });
}

/** Where the daemon of this machine writes it down, and this user may read it. */
function processOf({ name, uri }: DomainGuest): { pid: number | null; startedAtMs: number | null } {
  try {
    const pid = uri === SYSTEM_URI ? Number(readFileSync(`/run/libvirt/qemu/${name}.pid`, 'utf8')) : 0;
    const startTime = pid > 0 ? startTimeOf(pid) : null;
    if (startTime !== null) return { pid, startedAtMs: startedAtMs(startTime) };
  } catch {
    // Not this user's, or not this machine's.
  }
  return { pid: null, startedAtMs: null };
}
