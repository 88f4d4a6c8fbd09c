import type { HostFacts } from '../../host/facts.ts';
import type { LibvirtFacts } from '../../host/libvirt/libvirt-facts.ts';
import type { ToolFacts } from '../../host/programs/tools.ts';
import type { HostSettings } from '../../host/settings.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { Check } from '../check.ts';

/** What the checks of a plan look at. */
export interface PlanFacts {
  host: HostFacts;
  settings: HostSettings;
  tools: ToolFacts;
  /** The host did not tell about its tools, so that the newest were assumed. */
  toolsAssumed: boolean;
  /** The libvirt that is to run the guest; null where ghpass starts QEMU itself. */
  libvirt: LibvirtFacts | null;
  /** Why nothing is known of that libvirt, so that the newest was assumed; null where it answered, or there is none. */
  libvirtAssumedBecause: string | null;
  plan: GuestPlan;
  /** Build options of the kernel that the guest will boot; null where it comes from a disk. */
  guestKernelConfig: ReadonlyMap<string, string> | null;
}

export type PlanCheck = Check<PlanFacts>;
