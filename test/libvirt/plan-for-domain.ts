import type { PlanFacts } from '../../src/checks/plan/facts.ts';
import { openHost } from '../../src/host/open.ts';
import { readDomain } from '../../src/libvirt/read-domain.ts';
import { planFacts } from '../fixtures/plan.ts';

const HOST = await openHost('builtin:gh200-nvl2');
export const ADDRESSES = ['0009:01:00.0', '0019:01:00.0'] as const;

/** The plan, with all that it was made from, that gives a domain the first GPUs of a host with two. */
export async function planForDomain(domainXml: string, gpuCount = 1): Promise<PlanFacts> {
  const domain = readDomain(domainXml);
  const { name, memoryBytes, vcpus } = domain;
  const request = { name, memoryBytes, vcpus, accelerator: domain.type === 'kvm' ? 'kvm' : 'tcg', domain } as const;
  return planFacts(HOST, { request, addresses: ADDRESSES.slice(0, gpuCount) });
}
