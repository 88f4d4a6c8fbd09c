import type { NextBoot } from '../../guest/domain/next-boot.ts';
import type { Observed } from '../../guest/monitor/observation.ts';
import type { GuestView } from '../../guest/monitor/view.ts';
import { SCHEMA_VERSION } from '../envelope.ts';
import { jsonReady } from '../json-ready.ts';

/** What every line has. Fields are added within a schema version, and never taken away. */
interface LineStart {
  schemaVersion: number;
  command: 'monitor';
  /** Counts the lines of one run, from 0: none is missing. */
  sequence: number;
  /** ISO 8601, UTC. */
  time: string;
}

/** Sizes are bytes; what is not known is null. */
type LineBody =
  | { type: 'plan'; guest: string; plan: unknown; reason: string | null }
  | ({ type: 'next-boot'; guest: string } & NextBoot)
  | { type: 'watching'; guest: string; by: 'events' | 'polling' | 'nothing'; note: string | null }
  | { type: 'started'; guest: string; pid: number | null; startedAt: string | null }
  /** Only where it is another one than before. */
  | { type: 'state'; guest: string; state: string; detail: string | null }
  | { type: 'event'; guest: string; name: string; data: unknown }
  | {
      type: 'sample';
      guest: string;
      vcpus: { vcpu: number; cpuMs: number; load: number | null }[];
      residentBytes: number | null;
    }
  | { type: 'balloon'; guest: string; actualBytes: number }
  | { type: 'console'; guest: string; lines: readonly string[]; skippedBytes: number }
  | { type: 'end'; reason: 'interrupted' | 'gone' };

export type MonitorLine = LineStart & LineBody;

/** The stream of `ghpass monitor` as lines of JSON. */
export class JsonLines {
  private sequence = 0;

  constructor(private readonly write: (line: string) => void) {}

  /** Writes what was seen, and the state that it made. */
  observed(seen: Observed, before: GuestView, after: GuestView): void {
    const hasChanged = before.state !== after.state || before.detail !== after.detail;
    if (seen.type !== 'state') this.put(seen.atMs, bodyOf(seen, after));
    if (!hasChanged) return;
    this.put(seen.atMs, { type: 'state', guest: seen.guest, state: after.state, detail: after.detail });
  }

  /** The last line. */
  end(reason: 'interrupted' | 'gone'): void {
    this.put(Date.now(), { type: 'end', reason });
  }

  private put(atMs: number, body: LineBody): void {
    const time = new Date(atMs).toISOString();
    const start: LineStart = { schemaVersion: SCHEMA_VERSION, command: 'monitor', sequence: this.sequence, time };
    this.sequence += 1;
    this.write(`${JSON.stringify({ ...start, ...body } satisfies MonitorLine)}\n`);
  }
}

function bodyOf(seen: Exclude<Observed, { type: 'state' }>, view: GuestView): LineBody {
  const { atMs: _, ...rest } = seen;
  switch (rest.type) {
    case 'plan':
      return { ...rest, plan: jsonReady(rest.plan) };
    case 'started': {
      const { type, guest, pid, startedAtMs } = rest;
      return { type, guest, pid, startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString() };
    }
    case 'sample': {
      const vcpus = (view.sample?.vcpus ?? []).map(({ vcpu, cpuMs, load }) => ({ vcpu, cpuMs, load: rounded(load) }));
      return { ...rest, vcpus, residentBytes: rest.residentBytes === null ? null : Number(rest.residentBytes) };
    }
    case 'balloon':
      return { ...rest, actualBytes: Number(rest.actualBytes) };
    default:
      return rest;
  }
}

function rounded(load: number | null): number | null {
  return load === null ? null : Math.round(load * 1000) / 1000;
}
