import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { NextBoot } from '../domain/next-boot.ts';

/**
 * What a guest is doing, as seen by who watches it; the words are those of `list`, and some more. `ending`: its process is on its way out, and still gives memory back; `silent`: its process is there,
 * and does not answer; `off`: it ended in order; `died`: nobody told it to.
 */
export type WatchedState =
  | 'unknown'
  | 'starting'
  | 'running'
  | 'paused'
  | 'failed'
  | 'panicked'
  | 'silent'
  | 'ending'
  | 'off'
  | 'died';

export interface VcpuTime {
  vcpu: number;
  /** Processor time since the guest was started. */
  cpuMs: number;
}

/** One thing that was seen of a guest. */
export type Observation =
  | { type: 'plan'; plan: GuestPlan | null; reason: string | null }
  /** A domain that was given other GPUs since it was started. */
  | ({ type: 'next-boot' } & NextBoot)
  /** How it is watched from now on; `note` says why it is no better. */
  | { type: 'watching'; by: 'events' | 'polling' | 'nothing'; note: string | null }
  | { type: 'started'; pid: number | null; startedAtMs: number | null }
  /** @property detail QEMU's or libvirt's own words. */
  | { type: 'state'; state: WatchedState; detail: string | null }
  | { type: 'event'; name: string; data: Readonly<Record<string, unknown>> }
  | { type: 'sample'; vcpus: readonly VcpuTime[]; residentBytes: bigint | null }
  /** What the guest's memory balloon leaves it. */
  | { type: 'balloon'; actualBytes: bigint }
  | { type: 'console'; lines: readonly string[]; skippedBytes: number };

/** An observation, of whom, and when (`Date.now()`). */
export type Observed = Observation & { guest: string; atMs: number };
