import type { NvidiaDriver } from '../../host/kernel/nvidia-driver.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { Check, Observation } from '../check.ts';

/** What the checks of a running guest look at, beside what is held against its plan line by line. */
export interface RunningGuestFacts {
  plan: GuestPlan;
  /** Null where NVIDIA's driver is not loaded. */
  driver: NvidiaDriver | null;
  /** What the guest's kernel said since it booted, as far as it could be read; null where nothing could. */
  kernelLog: string | null;
  gpus: GuestGpu[];
}

/** One GPU, and what became of its memory in the guest. */
export interface GuestGpu {
  /** On the host. */
  address: string;
  /** Bytes of its memory that the kernel uses; null where it is not known. */
  onlineBytes: bigint | null;
  /** Whether its command register lets it access memory by itself; null where the register is not known. */
  busMaster: boolean | null;
  /** Its nodes that have memory. */
  nodes: { node: number; proximityDomain: number; memoryBytes: bigint }[];
}

export type RunningGuestCheck = Check<RunningGuestFacts>;

/** NVIDIA's driver, of which the rules are. */
export const OPEN_MODULES = 'NVIDIA/open-gpu-kernel-modules';

/** What a check says that looks for a message of the kernel, in the words that were found. */
export function ofMessage(
  { plan, kernelLog }: RunningGuestFacts,
  message: string,
  meaning: string,
  remedy: readonly string[],
): Observation[] | { notKnown: string } {
  if (kernelLog === null) return { notKnown: "the guest's kernel log could not be read" };
  const said = kernelLog.split('\n').find((line) => line.includes(message));
  if (said === undefined) return [];
  return [{ subject: plan.name, message: `the guest's kernel says "${textOf(said)}": ${meaning}`, remedy }];
}

/** Without the numbers that /dev/kmsg puts before a message, and without what a console adds. */
function textOf(line: string): string {
  return line
    .replace(/^\d+,\d+,\d+,[^;]*;/, '')
    .trim()
    .slice(0, 160);
}
