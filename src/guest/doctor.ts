import { DEVICE_CHECKS } from '../checks/device/index.ts';
import { HOST_CHECKS, LIBVIRT_CHECKS } from '../checks/host/index.ts';
import { type Outcomes, runChecks } from '../checks/outcome.ts';
import { PLAN_CHECKS } from '../checks/plan/index.ts';
import type { PlanAttempt } from '../checks/refusal/facts.ts';
import { REFUSAL_CHECKS } from '../checks/refusal/index.ts';
import type { Selection } from '../checks/select.ts';
import { GhpassError } from '../errors.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Host } from '../host/host.ts';
import { tryLibvirt } from '../host/libvirt/libvirt-answer.ts';
import type { ToolFacts } from '../host/programs/tools.ts';
import { type HostSettings, readHostSettings } from '../host/settings.ts';
import { planGuest } from '../plan/plan.ts';
import { type CollectedGpus, collectGpus } from '../vfio/collect.ts';
import { plainGuest } from './plain-guest.ts';

/** A host as doctor found it. */
export interface Diagnosis extends Outcomes {
  host: HostFacts;
  /** Whether the devices themselves were asked, as a capture of a host can be without any harm. */
  opened: boolean;
}

/**
 * Runs the selected checks on a host, on each of its GPUs, and on the plan of a plain guest with all of them.
 * @param open whether the devices themselves are asked, which resets those of this machine; the answers in a capture of a
 * host are taken without it, too, unless it is false.
 * @throws GhpassError `platform.unsupported` where there is no coherent GPU.
 */
export async function diagnose(host: Host, selection: Selection, open?: boolean): Promise<Diagnosis> {
  const opened = open ?? host.source.kind !== 'local';
  const collected = await collectGpus(host, [], { open: opened });
  const { host: facts, gpus } = collected;
  const settings = readHostSettings(host, facts);
  const [{ attempt, tools }, libvirt] = await Promise.all([
    attemptPlan(host, { ...collected, settings }, selection),
    LIBVIRT_CHECKS.some((check) => isWanted(check, selection)) ? tryLibvirt(host) : null,
  ]);
  const planFacts =
    'plan' in attempt && tools
      ? {
          host: facts,
          settings,
          tools,
          toolsAssumed: false,
          libvirt: null,
          libvirtAssumedBecause: null,
          plan: attempt.plan,
          guestKernelConfig: null,
        }
      : notPlanned(attempt);
  const parts = [
    runChecks(HOST_CHECKS, { host: facts, settings, gpus, libvirt }, { selection }),
    ...gpus.map((gpu) => {
      const subject = gpu.pci.address;
      const notOpened = opened ? null : `it opens the device, which resets it: ghpass probe ${subject}`;
      return runChecks(DEVICE_CHECKS, { host: facts, gpu, gpus }, { subject, selection, notOpened });
    }),
    runChecks(REFUSAL_CHECKS, attempt, { selection }),
    runChecks(PLAN_CHECKS, planFacts, { selection }),
  ];
  return {
    host: facts,
    opened,
    outcomes: parts.flatMap(({ outcomes }) => outcomes),
    findings: parts.flatMap(({ findings }) => findings),
  };
}

/** Asks for the tools and plans, where a selected check wants to know: a trial of KVM takes its time. */
async function attemptPlan(
  host: Host,
  collected: CollectedGpus & { settings: HostSettings },
  selection: Selection,
): Promise<{ attempt: PlanAttempt; tools: ToolFacts | null }> {
  if (![...REFUSAL_CHECKS, ...PLAN_CHECKS].some((check) => isWanted(check, selection))) {
    return { attempt: { notKnown: 'no check of a guest is run' }, tools: null };
  }
  const tools = await askTools(host);
  if ('notKnown' in tools) return { attempt: tools, tools: null };
  try {
    return { attempt: { plan: planGuest({ ...collected, tools, request: plainGuest(collected.host) }) }, tools };
  } catch (error) {
    if (error instanceof GhpassError) return { attempt: { refusal: error }, tools };
    throw error;
  }
}

function isWanted({ id }: { id: string }, { only, skipped }: Selection): boolean {
  return (only === null || only.has(id)) && !skipped.has(id);
}

/** A tool that fails keeps some checks from seeing what they need, and none of the others. */
async function askTools(host: Host): Promise<ToolFacts | { notKnown: string }> {
  try {
    return (await host.askTools()) ?? { notKnown: `${host.source.name} does not tell about its tools` };
  } catch (error) {
    if (error instanceof GhpassError && error.kind !== 'interrupted') return { notKnown: error.message };
    throw error;
  }
}

function notPlanned(attempt: PlanAttempt): { notKnown: string } {
  if ('notKnown' in attempt) return attempt;
  return { notKnown: `no guest can be planned${'refusal' in attempt ? `: ${attempt.refusal.message}` : ''}` };
}
