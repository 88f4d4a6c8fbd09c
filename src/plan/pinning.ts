import { GhpassError } from '../errors.ts';
import type { CpuSettings } from '../host/numa/cpus.ts';
import type { NumaFacts } from '../host/numa/numa.ts';
import { formatNumberList } from '../host/numa/number-list.ts';
import type { GuestNode, GuestPlan } from './guest-plan.ts';

/**
 * Host CPUs for the threads of a guest: each vCPU may run on every CPU of the node that its memory comes from, and QEMU's own
 * threads on those of all these nodes. No vCPU gets a CPU of its own: two guests of one host would get the same ones, for
 * neither knows of the other. CPUs that were set aside stay out of it, because the kernel does not spread threads over
 * isolated ones: all vCPUs would share the first (Documentation/admin-guide/kernel-parameters.txt, isolcpus).
 * @throws GhpassError `pin.no-cpus` where a node has no CPU that is left.
 */
export function planPinning(
  nodes: readonly GuestNode[],
  numa: NumaFacts | null,
  cpus: CpuSettings,
): NonNullable<GuestPlan['pinning']> {
  const withCpus = nodes.flatMap((node) => (node.cpus === null ? [] : [{ ...node, vcpus: node.cpus }]));
  const byNode = withCpus.map(({ hostNode, vcpus }) => ({ usable: usableCpus(hostNode, numa, cpus), vcpus }));
  const pins = byNode.flatMap(({ usable, vcpus }) => vcpus.map((vcpu) => [vcpu, formatNumberList(usable)] as const));
  return {
    vcpus: pins.toSorted(([a], [b]) => a - b).map(([, usable]) => usable),
    emulator: formatNumberList(byNode.flatMap(({ usable }) => usable)),
  };
}

function usableCpus(hostNode: number | null, numa: NumaFacts | null, { allowed, setAside }: CpuSettings): number[] {
  const ofNode = numa?.nodes.find(({ id }) => id === hostNode)?.cpus ?? allowed ?? [];
  const usable = ofNode.filter((cpu) => (allowed?.includes(cpu) ?? true) && !setAside.includes(cpu));
  if (usable.length > 0) return usable;
  const where = hostNode === null ? 'the host' : `node ${hostNode}, where the guest's memory is to be,`;
  const list = (cpus: readonly number[]) => formatNumberList(cpus) || 'none';
  throw new GhpassError('check', {
    code: 'pin.no-cpus',
    message: `${where} has no CPU to pin a guest to: it has ${list(ofNode)}, ghpass may use ${allowed === null ? 'any' : list(allowed)}, and isolcpus and nohz_full set aside ${list(setAside)}`,
    suggestions: ['--no-pin', 'taskset -pc $$   # what this shell, and all that it starts, may use'],
  });
}
