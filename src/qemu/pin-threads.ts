import { readdirSync, readFileSync } from 'node:fs';
import { parseNumberList } from '../host/numa/number-list.ts';
import { runTool } from '../host/programs/run-tool.ts';
import type { GuestPlan } from '../plan/guest-plan.ts';
import type { Qmp } from './qmp.ts';

/** A thread of QEMU that may run elsewhere than planned. */
export interface PinningDifference {
  /** Null for a thread of QEMU's own. */
  vcpu: number | null;
  planned: string;
  /** Cpus_allowed_list, as the kernel shows it. */
  seen: string;
}

interface CpuInfoFast {
  'cpu-index': number;
  'thread-id': number;
}

const TASKSET = 'taskset';

/**
 * Whether threads can be pinned here, before a guest is started that would have to be ended again.
 * @throws GhpassError `tool.missing`.
 */
export async function requirePinning(): Promise<void> {
  await runTool(TASKSET, ['--version']);
}

/**
 * Pins the threads of a running QEMU by `taskset` (util-linux), and reads back what the kernel made of it. The guest runs by
 * then: its memory was bound and pinned before, wherever the threads were, and a ghpass that is killed at this point leaves a
 * guest that runs, where one that was started with `-S` would wait for ever.
 * @returns what is not as planned: a cpuset may leave fewer CPUs than there were.
 * @throws GhpassError those of {@link Qmp.execute} and {@link runTool}.
 */
export async function pinThreads(
  pid: number,
  qmp: Qmp,
  { vcpus, emulator }: NonNullable<GuestPlan['pinning']>,
): Promise<PinningDifference[]> {
  const answer = (await qmp.execute('query-cpus-fast')) as CpuInfoFast[];
  const ofVcpus = answer.map(({ 'cpu-index': vcpu, 'thread-id': thread }) => {
    return { vcpu, thread, planned: vcpus[vcpu] ?? emulator };
  });
  await setAffinity(emulator, pid, '--all-tasks');
  for (const { thread, planned } of ofVcpus) {
    if (planned !== emulator) await setAffinity(planned, thread);
  }
  const isVcpu = new Set(ofVcpus.map(({ thread }) => thread));
  const ofQemu = threadsOf(pid).flatMap((thread) =>
    isVcpu.has(thread) ? [] : [{ vcpu: null, thread, planned: emulator }],
  );
  return [...ofVcpus, ...ofQemu].flatMap(({ vcpu, thread, planned }) => {
    const seen = allowedCpus(pid, thread);
    return seen === null || isSame(seen, planned) ? [] : [{ vcpu, planned, seen }];
  });
}

/** What the kernel refuses is seen when the list is read back. */
async function setAffinity(cpus: string, thread: number, ...options: string[]): Promise<void> {
  await runTool(TASKSET, [...options, '--cpu-list', '--pid', cpus, `${thread}`]);
}

function threadsOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(Number);
}

/** @returns null where the thread is gone: QEMU's workers come and go. */
function allowedCpus(pid: number, thread: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? null;
  } catch {
    return null;
  }
}

function isSame(seen: string, planned: string): boolean {
  return parseNumberList(seen)?.join() === parseNumberList(planned)?.join();
}
