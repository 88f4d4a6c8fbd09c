import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { NextBoot } from '../domain/next-boot.ts';
import type { KnownGuest } from '../life/find-guest.ts';
import { plainLine } from './console-tail.ts';
import type { Observed, VcpuTime, WatchedState } from './observation.ts';

/** As many as somebody can look back on; a guest can send events for ever. */
const KEPT_EVENTS = 50;
const KEPT_LINES = 100;

/** Linux' own words, on arm64 and elsewhere: the first line of a boot, and the last of a kernel that gave up. */
const BOOT = /Booting Linux on physical CPU|Linux version \d/;
const PANIC = /Kernel panic - not syncing: .*/;

export interface GuestEvent {
  atMs: number;
  name: string;
  data: Readonly<Record<string, unknown>>;
}

export interface VcpuLoad extends VcpuTime {
  /** Share of one host CPU between the last two samples, from 0 to 1; null where there was only one. */
  load: number | null;
}

/** All that is known of a guest at one moment. */
export interface GuestView {
  name: string;
  backend: KnownGuest['backend'];
  plan: GuestPlan | null;
  /** Why there is no plan. */
  noPlan: string | null;
  /** What the plan has and a running guest gets only when it is started anew; null where there is nothing like that. */
  nextBoot: NextBoot | null;
  state: WatchedState;
  detail: string | null;
  /** When the state was seen first. */
  sinceMs: number | null;
  /** What the kernel of the guest said when it gave up; null for one that goes on. */
  panic: string | null;
  pid: number | null;
  startedAtMs: number | null;
  watching: { by: 'events' | 'polling' | 'nothing'; note: string | null };
  sample: { atMs: number; vcpus: readonly VcpuLoad[]; residentBytes: bigint | null } | null;
  balloonBytes: bigint | null;
  /** The oldest first. */
  events: readonly GuestEvent[];
  console: readonly string[];
}

export function unseenGuest(name: string, backend: KnownGuest['backend'], plan: GuestPlan | null = null): GuestView {
  return {
    name,
    backend,
    plan,
    noPlan: null,
    nextBoot: null,
    state: 'unknown',
    detail: null,
    sinceMs: null,
    panic: null,
    pid: null,
    startedAtMs: null,
    watching: { by: 'nothing', note: null },
    sample: null,
    balloonBytes: null,
    events: [],
    console: [],
  };
}

/** What is known after one more observation. */
export function reduceView(view: GuestView, seen: Observed): GuestView {
  switch (seen.type) {
    case 'plan':
      return { ...view, plan: seen.plan, noPlan: seen.reason };
    case 'next-boot':
      return { ...view, nextBoot: { comes: seen.comes, goes: seen.goes } };
    case 'watching':
      return { ...view, watching: { by: seen.by, note: seen.note && plainLine(seen.note) } };
    case 'started':
      return { ...view, pid: seen.pid, startedAtMs: seen.startedAtMs, panic: null, sample: null, balloonBytes: null };
    case 'state':
      return withState(view, seen.state, seen.detail, seen.atMs);
    case 'event':
      return withEvent(view, seen);
    case 'sample':
      return { ...view, sample: sampleOf(view.sample, seen) };
    case 'balloon':
      return { ...view, balloonBytes: seen.actualBytes };
    case 'console':
      return withConsole(view, seen);
  }
}

/** A guest without a process has no processor time, and a kernel that panicked may still be run. */
function withState(view: GuestView, reported: WatchedState, words: string | null, atMs: number): GuestView {
  const isPanicked = view.panic !== null && (reported === 'running' || reported === 'paused');
  const [state, detail] = isPanicked ? (['panicked', view.panic] as const) : [reported, words && plainLine(words)];
  if (state === view.state && detail === view.detail) return view;
  const isGone = state === 'off' || state === 'died';
  const sinceMs = state === view.state ? view.sinceMs : atMs;
  return {
    ...view,
    state,
    detail,
    sinceMs,
    ...(isGone ? { sample: null, pid: null, startedAtMs: null, nextBoot: null } : {}),
  };
}

function withEvent(view: GuestView, { atMs, name, data }: GuestEvent): GuestView {
  const events = [...view.events, { atMs, name, data }].slice(-KEPT_EVENTS);
  if (name === 'RESET' || name === 'reboot') return recovered({ ...view, events }, atMs);
  if (name !== 'GUEST_PANICKED') return { ...view, events };
  return panicked({ ...view, events }, view.panic ?? 'the guest told QEMU that it panicked', atMs);
}

function withConsole(view: GuestView, { lines, atMs }: { lines: readonly string[]; atMs: number }): GuestView {
  const console = [...view.console, ...lines].slice(-KEPT_LINES);
  return lines.reduce<GuestView>(
    (before, line) => {
      const [panic] = PANIC.exec(line) ?? [];
      if (panic !== undefined) return panicked(before, panic, atMs);
      return BOOT.test(line) ? recovered(before, atMs) : before;
    },
    { ...view, console },
  );
}

function panicked(view: GuestView, panic: string, atMs: number): GuestView {
  const isHere = view.state === 'running' || view.state === 'paused' || view.state === 'panicked';
  return isHere ? { ...withState(view, 'panicked', panic, atMs), panic } : { ...view, panic };
}

function recovered(view: GuestView, atMs: number): GuestView {
  if (view.panic === null) return view;
  const { panic: _, ...rest } = view;
  return view.state === 'panicked'
    ? withState({ ...rest, panic: null }, 'running', null, atMs)
    : { ...rest, panic: null };
}

function sampleOf(
  before: GuestView['sample'],
  { atMs, vcpus, residentBytes }: { atMs: number; vcpus: readonly VcpuTime[]; residentBytes: bigint | null },
): GuestView['sample'] {
  const elapsedMs = before ? atMs - before.atMs : 0;
  const earlier = new Map(before?.vcpus.map(({ vcpu, cpuMs }) => [vcpu, cpuMs]));
  const loads = vcpus.map(({ vcpu, cpuMs }) => {
    const then = earlier.get(vcpu);
    // Less than before: another thread has taken the vCPU over.
    const isKnown = then !== undefined && elapsedMs > 0 && cpuMs >= then;
    return { vcpu, cpuMs, load: isKnown ? Math.min(1, (cpuMs - then) / elapsedMs) : null };
  });
  return { atMs, vcpus: loads, residentBytes };
}
