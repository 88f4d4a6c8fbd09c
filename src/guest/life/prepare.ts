import { assess, type Finding } from '../../checks/check.ts';
import { DEVICE_CHECKS } from '../../checks/device/index.ts';
import { HOST_CHECKS_BEFORE_GUEST, LIBVIRT_CHECKS_BEFORE_GUEST } from '../../checks/host/index.ts';
import { PLAN_CHECKS } from '../../checks/plan/index.ts';
import { GhpassError } from '../../errors.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Host } from '../../host/host.ts';
import { readKernelFacts } from '../../host/kernel/kernel.ts';
import type { LibvirtFacts } from '../../host/libvirt/libvirt-facts.ts';
import { NEWEST_TOOLS } from '../../host/programs/newest-tools.ts';
import type { ToolFacts } from '../../host/programs/tools.ts';
import { readHostSettings } from '../../host/settings.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import { requireLinkOfQemu } from '../../plan/network.ts';
import { planGuest } from '../../plan/plan.ts';
import type { GuestRequest } from '../../plan/request.ts';
import { selectGpus } from '../gpus/select-gpus.ts';
import { requireNetwork } from './require-network.ts';

/** The libvirt that is to run a guest. */
export interface GuestLibvirt {
  facts: LibvirtFacts;
  /** Why nothing is known of it, so that the newest is assumed; null where it answered. */
  assumedBecause: string | null;
}

export interface PrepareOptions {
  /** Ask the devices themselves. */
  open: boolean;
  /** Left out where ghpass starts QEMU itself. */
  libvirt?: GuestLibvirt;
}

/** A plan, what it was made from, and what is to be said about it. */
export interface Prepared {
  host: HostFacts;
  tools: ToolFacts;
  plan: GuestPlan;
  findings: Finding[];
}

/**
 * Collects, assesses and plans: everything up to the first change to the host.
 * @param addresses GPUs for the guest; none stands for the only one of the host.
 * @throws GhpassError where no plan is possible, and those of {@link selectGpus}, {@link requireLinkOfQemu} and
 * {@link requireNetwork}.
 */
export async function prepareGuest(
  host: Host,
  addresses: readonly string[],
  request: GuestRequest,
  options: PrepareOptions,
): Promise<Prepared> {
  const collected = await selectGpus(host, addresses, options);
  const known = await host.askTools();
  const tools = known ?? NEWEST_TOOLS;
  const { gpus, host: facts } = collected;
  const settings = readHostSettings(host, facts);
  const plan = planGuest({ ...collected, settings, tools, request });
  if (!options.libvirt) requireLinkOfQemu(plan.network, tools.qemu);
  if (plan.network && !options.libvirt?.assumedBecause) {
    await requireNetwork(host, plan.network.link, options.libvirt?.facts.uri ?? null);
  }
  const { facts: libvirt = null, assumedBecause: libvirtAssumedBecause = null } = options.libvirt ?? {};
  const hostChecks = libvirt ? [...HOST_CHECKS_BEFORE_GUEST, ...LIBVIRT_CHECKS_BEFORE_GUEST] : HOST_CHECKS_BEFORE_GUEST;
  const hostFindings = assess(hostChecks, { host: facts, settings, gpus, libvirt });
  const deviceFindings = gpus.flatMap((gpu) => assess(DEVICE_CHECKS, { host: facts, gpu, gpus }));
  const planFindings = assess(PLAN_CHECKS, {
    host: facts,
    settings,
    tools,
    toolsAssumed: known === null,
    libvirt,
    libvirtAssumedBecause,
    plan,
    guestKernelConfig: guestKernelConfig(host, plan),
  });
  return { host: facts, tools, plan, findings: [...hostFindings, ...deviceFindings, ...planFindings] };
}

/** A kernel named as Debian and Fedora name theirs has its options beside it. */
function guestKernelConfig(host: Host, plan: GuestPlan): ReadonlyMap<string, string> | null {
  const release = /vmlinu[xz]-([^/]+)$/.exec(plan.boot.kernel ?? '')?.[1];
  return release ? readKernelFacts(host.files, release, host.machine).config : null;
}

/**
 * A guest cannot get a GPU that VFIO does not have.
 * @throws GhpassError `driver.unbound`.
 */
export function requireBound({ findings }: Pick<Prepared, 'findings'>): void {
  const unbound = findings.filter(({ id }) => id === 'driver.unbound').map(({ subject }) => subject);
  if (unbound.length === 0) return;
  throw new GhpassError('check', {
    code: 'driver.unbound',
    message: `${unbound.join(', ')}: not bound to the variant driver`,
    suggestions: [...unbound.map((address) => `ghpass bind ${address}`), 'or give --bind'],
  });
}
