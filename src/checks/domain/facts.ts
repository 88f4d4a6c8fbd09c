import type { NumaFacts } from '../../host/numa/numa.ts';
import type { DomainFacts } from '../../plan/domain-facts.ts';
import type { GuestPlan } from '../../plan/guest-plan.ts';
import type { Check } from '../check.ts';

/** A domain and the plan that is to be applied to it. */
export interface DomainPlan {
  domain: DomainFacts;
  plan: GuestPlan;
  /** Null where the host shows no NUMA nodes. */
  numa: NumaFacts | null;
}

export type DomainCheck = Check<DomainPlan>;
