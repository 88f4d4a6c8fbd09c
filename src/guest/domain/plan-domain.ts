import { assess, type Finding } from '../../checks/check.ts';
import { DOMAIN_CHECKS } from '../../checks/domain/index.ts';
import type { Host } from '../../host/host.ts';
import { applyPlan, removeGpus } from '../../libvirt/apply-plan.ts';
import { readDomain } from '../../libvirt/read-domain.ts';
import { isSameDomain } from '../../libvirt/same-domain.ts';
import type { DomainFacts } from '../../plan/domain-facts.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import { DEFAULT_PLACEMENT } from '../../plan/request.ts';
import { prepareGuest } from '../life/prepare.ts';
import { chooseProfile, type ProfileChoice, requestFor } from './choose-profile.ts';

export interface DomainOptions extends ProfileChoice {
  /** Ask the devices themselves. */
  open: boolean;
  /** libvirt binds the GPUs at each start; null: as the domain has it. */
  managed: boolean | null;
  iommufd: boolean | null;
}

/** A domain before and after its GPUs were changed. */
export interface PlannedDomain {
  domain: DomainFacts;
  before: string;
  after: string;
  /** Null where no GPU is left. */
  plan: GuestPlan | null;
  findings: Finding[];
}

/**
 * A domain with the GPUs that `choose` makes of those which ghpass gave it before. Changes nothing.
 * @throws GhpassError those of `readDomain` and {@link prepareGuest}.
 */
export async function planDomain(
  host: Host,
  xml: string,
  choose: (present: readonly string[]) => string[],
  options: DomainOptions,
): Promise<PlannedDomain> {
  const domain = readDomain(xml);
  const addresses = choose(domain.gpus);
  if (addresses.length === 0) return { domain, before: xml, after: removeGpus(xml), plan: null, findings: [] };
  const chosen = await chooseProfile(host, options);
  const { profile, libvirt } = chosen;
  const request = requestFor(chosen, {
    name: domain.name,
    memoryBytes: domain.memoryBytes,
    vcpus: domain.vcpus,
    accelerator: domain.type === 'qemu' ? 'tcg' : 'kvm',
    iommufd: options.iommufd,
    boot: { kernel: null, initrd: null, append: null, disks: [] },
    network: null,
    placement: DEFAULT_PLACEMENT,
    domain,
  });
  const prepared = await prepareGuest(host, addresses, request, { open: options.open, libvirt });
  const { plan, findings } = prepared;
  const conflicts = assess(DOMAIN_CHECKS, { domain, plan, numa: prepared.host.numa });
  const applied = applyPlan(xml, plan, profile, { managed: options.managed ?? domain.managed });
  const after = isSameDomain(xml, applied) ? xml : applied;
  return { domain, before: xml, after, plan, findings: [...conflicts, ...findings] };
}
